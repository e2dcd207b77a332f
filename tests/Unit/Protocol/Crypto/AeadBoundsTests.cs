using System.Runtime.InteropServices;
using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol.Crypto;

/// <summary>
/// Nothing is read or written beside a batch: it lies right before, or right behind, a page that ends the process when touched. The
/// kernels work with pointers, whose bounds nobody else checks, and with vectors that are wider than the last bytes of a packet.
/// </summary>
public sealed unsafe class AeadBoundsTests : IDisposable
{
    private const int Page = 4096;
    private const int Pages = 64;
    private const int PROT_NONE = 0, PROT_READ = 1, PROT_WRITE = 2, MAP_PRIVATE = 2, MAP_ANONYMOUS = 0x20;

    // Around every step between the kernels' ways of doing it, and a jumbo frame's packets.
    private static readonly int[] Lengths = [.. Enumerable.Range(0, 700), .. Enumerable.Range(940, 100), .. Enumerable.Range(1400, 40), .. Enumerable.Range(1960, 120), 8920, 8921, 8951, 20_000];

    private readonly byte* _all = (byte*)mmap(0, (Pages + 2) * Page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    public AeadBoundsTests()
    {
        Assert.NotEqual(-1, (nint)_all);
        Assert.Equal(0, mprotect((nint)_all, Page, PROT_NONE));
        Assert.Equal(0, mprotect((nint)End, Page, PROT_NONE));
    }

    public static TheoryData<AeadKernel> Kernels => AeadKernels.Supported;

    private byte* Start => _all + Page;

    private byte* End => Start + (Pages * Page);

    public void Dispose() => Assert.Equal(0, munmap((nint)_all, (Pages + 2) * Page));

    [Theory]
    [MemberData(nameof(Kernels))]
    public void SealAndOpen_BetweenPagesThatCannotBeTouched_StayBetweenThem(AeadKernel kernel)
    {
        var random = new Random(77);
        byte[] key = new byte[Aead.KeySize];
        foreach (int length in Lengths)
        {
            foreach (int count in (int[])[1, 2, 4, 5, 9])
            {
                int size = length + Aead.TagSize;
                random.NextBytes(key);
                AeadPacket[] packets = [.. Enumerable.Range(0, count).Select(i => new AeadPacket { Offset = i * size, Length = length, Counter = (ulong)i })];
                SealAndOpen(kernel, random, key, packets, new Span<byte>(Start, size * count));
                SealAndOpen(kernel, random, key, packets, new Span<byte>(End - (size * count), size * count));
            }
        }
    }

    private static void SealAndOpen(AeadKernel kernel, Random random, byte[] key, AeadPacket[] packets, Span<byte> memory)
    {
        AeadKernels.Fill(random, memory);
        byte[] before = memory.ToArray();
        Aead.Seal(kernel, key, memory, packets);
        int forged = random.Next(packets.Length + 1);
        if (forged < packets.Length)
        {
            memory[packets[forged].Offset + packets[forged].Length] ^= 1;
        }

        Aead.Open(kernel, key, memory, packets);

        for (int i = 0; i < packets.Length; i++)
        {
            Assert.Equal(i != forged, packets[i].Authentic);
            Assert.True(i == forged || memory.Slice(packets[i].Offset, packets[i].Length).SequenceEqual(before.AsSpan(packets[i].Offset, packets[i].Length)));
        }
    }

    [DllImport("libc")]
    private static extern nint mmap(nint address, nuint length, int protection, int flags, int file, nint offset);

    [DllImport("libc")]
    private static extern int mprotect(nint address, nuint length, int protection);

    [DllImport("libc")]
    private static extern int munmap(nint address, nuint length);
}
