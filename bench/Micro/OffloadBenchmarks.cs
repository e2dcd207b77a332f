using BenchmarkDotNet.Attributes;
using WgNet.Linux;
using WgNet.Micro.Baselines;
using WgNet.Protocol;
using WgNet.Tun;

namespace WgNet.Micro;

/// <summary>
/// One super-packet of nearly 64 KiB on its way in and out. Splitting stands beside copying the same bytes; joining beside
/// taking the same packets one by one, all of them where the kernel's GRO puts datagrams; the checksum beside a plain loop.
/// </summary>
public class OffloadBenchmarks
{
    private NativeBuffer _packets = null!;
    private Coalescer _joining = null!;
    private Coalescer _single = null!;
    private readonly byte[] _firstHeader = new byte[SampleSuperPacket.HeaderSize];
    private byte[] _superPacket = [];
    private byte[] _destination = [];

    /// <summary>Inside: the usual one, and with jumbo frames outside.</summary>
    [Params(1420, 8920)]
    public int Mtu { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _superPacket = SampleSuperPacket.Create(Mtu);
        _destination = new byte[1 << 17];
        _packets = new NativeBuffer(1 << 17);
        _joining = new Coalescer(new NullTun(), _packets);
        _single = new Coalescer(new NullTun(), _packets) { Enabled = false };
        var segmenter = default(Segmenter);
        segmenter.Begin(_superPacket);
        for (int i = 0; segmenter.TryNext(Packet(i), out _); i++)
        {
        }

        Packet(0)[..SampleSuperPacket.HeaderSize].CopyTo(_firstHeader);
    }

    [GlobalCleanup]
    public void Cleanup() => _packets.Dispose();

    [Benchmark(Baseline = true)]
    [BenchmarkCategory("split")]
    public void SplitCopyOnly() => _superPacket.CopyTo(_destination, 0);

    [Benchmark]
    [BenchmarkCategory("split")]
    public int Split()
    {
        var segmenter = default(Segmenter);
        segmenter.Begin(_superPacket);
        int end = 0;
        while (segmenter.TryNext(_destination.AsSpan(end), out int length))
        {
            end += length;
        }

        return end;
    }

    [Benchmark(Baseline = true)]
    [BenchmarkCategory("join")]
    public int JoinNothing() => Pass(_single);

    [Benchmark]
    [BenchmarkCategory("join")]
    public int Join() => Pass(_joining);

    [Benchmark(Baseline = true)]
    [BenchmarkCategory("checksum")]
    public ulong ChecksumPlainLoop() => PlainChecksum.Sum(_superPacket.AsSpan(0, Mtu));

    [Benchmark]
    [BenchmarkCategory("checksum")]
    public ulong ChecksumVector() => Checksum.Fold(Checksum.Sum(_superPacket.AsSpan(0, Mtu)));

    private int Pass(Coalescer coalescer)
    {
        // What was joined to it last time is in the first packet's header.
        _firstHeader.CopyTo(Packet(0));
        int count = SampleSuperPacket.Segments(Mtu);
        for (int i = 0; i < count; i++)
        {
            coalescer.Add(Offset(i), Mtu);
        }

        return coalescer.Flush();
    }

    private int Offset(int packet) => Keypair.HeaderSize + (packet * (Mtu + Keypair.Overhead));

    private Span<byte> Packet(int index) => _packets.Slice(Offset(index), Mtu);
}
