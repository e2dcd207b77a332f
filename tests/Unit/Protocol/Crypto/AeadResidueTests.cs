using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol.Crypto;

/// <summary>What opening leaves on the stack below itself, where it lies until another call needs the room.</summary>
public sealed unsafe class AeadResidueTests
{
    private const int Depth = 48 * 1024;
    private const int Piece = 16;
    private const ulong Counter = 7;

    private static readonly byte[] Below = new byte[Depth];

    public static TheoryData<AeadKernel> Kernels => AeadKernels.Supported;

    /// <summary>Anybody can send such a packet under a counter that the peer has yet to use, and the genuine one may be on its way.</summary>
    [Theory]
    [MemberData(nameof(Kernels))]
    public void TryOpen_Forged_LeavesNothingThatAGenuinePacketIsMadeWith(AeadKernel kernel)
    {
        byte[] key = new byte[Aead.KeySize];
        new Random(5).NextBytes(key);
        foreach (int length in (int[])[32, 64, 192, 400, 800, 1420, 2000, 4096, 8928])
        {
            // Zeros are sealed as the key stream itself.
            byte[] keyStream = new byte[length + Aead.TagSize];
            AeadScalar.Seal(key, noncePrefix: 0, Counter, associatedData: default, keyStream);
            byte[] forged = new byte[length + Aead.TagSize];
            byte[] added = AddedToTheMac(key);
            int found = 0;
            int foundOfMac = 0;

            // A signal that comes meanwhile puts the registers there, whatever they hold: what a kernel leaves, it leaves each time.
            for (int attempt = 0; attempt < 5 && (attempt == 0 || found > 0 || foundOfMac > 0); attempt++)
            {
                Cover();
                bool authentic = Aead.TryOpen(kernel, key, Counter, forged);
                KeepBelow();
                Assert.False(authentic);
                found = Enumerable.Range(0, length / Piece).Count(i => Below.AsSpan().IndexOf(keyStream.AsSpan(i * Piece, Piece)) >= 0);
                foundOfMac = new[] { 0, sizeof(ulong) }.Count(i => Below.AsSpan().IndexOf(added.AsSpan(i, sizeof(ulong))) >= 0);
            }

            Assert.True(found == 0, $"{found} of {length / Piece} pieces of key stream");
            Assert.True(foundOfMac == 0, $"{foundOfMac} of 2 halves of what is added to the MAC");
        }
    }

    // The half of the MAC's key that is added at the end, without which the other half makes no tag.
    private static byte[] AddedToTheMac(byte[] key)
    {
        byte[] first = new byte[ChaCha20Scalar.BlockSize];
        ChaCha20Scalar.Block(key, block: 0, noncePrefix: 0, Counter, first);
        return first[16..32];
    }

    // What calls before left there is no longer seen.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Cover()
    {
        byte* room = stackalloc byte[2 * Depth];
        new Span<byte>(room, 2 * Depth).Fill(0x5A);
    }

    // Byte by byte: a call would write where it is to read.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void KeepBelow()
    {
        byte here = 0;
        byte* from = &here - Depth;
        ref byte to = ref MemoryMarshal.GetArrayDataReference(Below);
        for (int i = 0; i < Depth; i++)
        {
            Unsafe.Add(ref to, i) = from[i];
        }
    }
}
