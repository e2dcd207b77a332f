using BenchmarkDotNet.Attributes;
using WgNet.Linux;
using WgNet.Protocol;

namespace WgNet.Micro;

/// <summary>
/// ChaCha20-Poly1305 over the packets of one super-packet, laid out as the send batch lays them out: libsodium one by one,
/// ours one by one, ours as a batch. Times are for one packet. What was opened has to be sealed again before the next time, so that both
/// are measured together, with nothing copied.
/// </summary>
public class AeadBenchmarks
{
    private const int Packets = 8;

    private readonly byte[] _key = new byte[Aead.KeySize];
    private readonly AeadPacket[] _packets = new AeadPacket[Packets];
    private byte[] _memory = [];

    /// <summary>Of the plaintext: a keepalive's neighbour, voice, a full packet at the usual MTU, a jumbo packet.</summary>
    [Params(64, 128, 1420, 8920)]
    public int Bytes { get; set; }

    private int Stride => Keypair.HeaderSize + Padded + Aead.TagSize;

    private int Padded => (Bytes + 15) & ~15;

    [GlobalSetup]
    public void Setup()
    {
        if (!Sodium.TryInitialize())
        {
            throw new DllNotFoundException("libsodium");
        }

        new Random(1).NextBytes(_key);
        _memory = GC.AllocateArray<byte>(Packets * Stride, pinned: true);
        new Random(2).NextBytes(_memory);
        for (int i = 0; i < Packets; i++)
        {
            _packets[i] = new AeadPacket { Offset = (i * Stride) + Keypair.HeaderSize, Length = Padded, Counter = (ulong)i };
        }
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Packets)]
    [BenchmarkCategory("seal")]
    public void SealLibsodium()
    {
        foreach (ref readonly AeadPacket packet in _packets.AsSpan())
        {
            Span<byte> data = DataAndTag(packet);
            Sodium.Seal(_key, packet.Counter, default, data[..Padded], data);
        }
    }

    [Benchmark(OperationsPerInvoke = Packets)]
    [BenchmarkCategory("seal")]
    public void SealAlone()
    {
        foreach (ref readonly AeadPacket packet in _packets.AsSpan())
        {
            Aead.Seal(_key, packet.Counter, default, DataAndTag(packet));
        }
    }

    [Benchmark(OperationsPerInvoke = Packets)]
    [BenchmarkCategory("seal")]
    public void SealBatch() => Aead.Seal(_key, _memory, _packets);

    [Benchmark(Baseline = true, OperationsPerInvoke = Packets)]
    [BenchmarkCategory("seal and open")]
    public bool SealAndOpenLibsodium()
    {
        SealLibsodium();
        bool all = true;
        foreach (ref readonly AeadPacket packet in _packets.AsSpan())
        {
            Span<byte> data = DataAndTag(packet);
            all &= Sodium.TryOpen(_key, packet.Counter, default, data, data[..Padded]);
        }

        return all;
    }

    [Benchmark(OperationsPerInvoke = Packets)]
    [BenchmarkCategory("seal and open")]
    public bool SealAndOpenAlone()
    {
        SealAlone();
        bool all = true;
        foreach (ref readonly AeadPacket packet in _packets.AsSpan())
        {
            all &= Aead.TryOpen(_key, packet.Counter, default, DataAndTag(packet));
        }

        return all;
    }

    [Benchmark(OperationsPerInvoke = Packets)]
    [BenchmarkCategory("seal and open")]
    public void SealAndOpenBatch()
    {
        SealBatch();
        Aead.Open(_key, _memory, _packets);
    }

    private Span<byte> DataAndTag(in AeadPacket packet) => _memory.AsSpan(packet.Offset, packet.Length + Aead.TagSize);
}
