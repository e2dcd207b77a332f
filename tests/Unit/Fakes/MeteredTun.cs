using WgNet.Linux;
using WgNet.Tun;

namespace WgNet.Unit.Fakes;

/// <summary>
/// A TUN device that sends one packet or super-packet over and over, a few packets ahead of what its <see cref="Partner"/> has
/// received, and notes what the thread that calls it has allocated: a worker calls it from its own loop, so nothing else on the
/// machine disturbs the figure.
/// </summary>
/// <param name="headerAndPacket">What each read gives.</param>
/// <param name="segments">How many packets that is; above 1, the device has offloads.</param>
/// <param name="warmUp">Packets before the measured ones.</param>
/// <param name="count">Packets measured.</param>
public sealed class MeteredTun(byte[] headerAndPacket, int segments, int warmUp, int count) : ITunDevice
{
    // Few enough that no buffer on the way overflows, and no list grows after the warm-up.
    private readonly int _ahead = Math.Max(16, 2 * segments);
    private readonly AutoResetEvent _wake = new(initialState: false);
    private int _sent;
    private int _received;
    private long _readerBefore;
    private long _writerBefore;
    private long _readerAllocated = long.MinValue;
    private long _writerAllocated = long.MinValue;
    private volatile bool _closed;

    /// <summary>Whose received packets let this one send more.</summary>
    public MeteredTun? Partner { get; set; }

    public string Name => "metered0";

    public bool HasOffload => segments > 1;

    public bool HasUdpOffload => HasOffload;

    /// <summary>Bytes that the reading (outbound) and the writing (inbound) thread allocated after the warm-up.</summary>
    public long ReaderAllocated => Volatile.Read(ref _readerAllocated);

    public long WriterAllocated => Volatile.Read(ref _writerAllocated);

    public ManualResetEventSlim Done { get; } = new();

    public int Read(NativeBuffer buffer, int offset)
    {
        if (_closed)
        {
            return -1;
        }

        // A receiver only receives.
        if (Partner is null || _sent >= warmUp + count || _sent + segments > Volatile.Read(ref Partner._received) + _ahead)
        {
            return 0;
        }

        Meter(_sent, segments, ref _readerBefore, ref _readerAllocated);
        _sent += segments;
        headerAndPacket.CopyTo(buffer.Slice(offset, headerAndPacket.Length));
        return headerAndPacket.Length;
    }

    public bool WaitReadable()
    {
        _wake.WaitOne();
        return !_closed;
    }

    public void Rest(TimeSpan time)
    {
    }

    public void Wake() => _wake.Set();

    public bool Write(IoVectors packet)
    {
        // Each piece is a packet: the first with its headers, the others' payloads that were joined to it.
        int received = Volatile.Read(ref _received);
        Meter(received, packet.Count, ref _writerBefore, ref _writerAllocated);
        received += packet.Count;
        Volatile.Write(ref _received, received);
        Sender?.Wake();
        if (received >= warmUp + count)
        {
            Done.Set();
        }

        return true;
    }

    /// <summary>Who is told that a packet arrived.</summary>
    public MeteredTun? Sender { get; set; }

    public bool WriteOwn(ReadOnlySpan<byte> packet) => true;

    public void Dispose()
    {
        _closed = true;
        _wake.Set();
        Done.Dispose();
    }

    // When the last packet of the warm-up and the last one of all pass.
    private void Meter(int before, int passing, ref long allocatedBefore, ref long allocated)
    {
        if (before < warmUp && before + passing >= warmUp)
        {
            allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        }
        else if (before < warmUp + count && before + passing >= warmUp + count)
        {
            Volatile.Write(ref allocated, GC.GetAllocatedBytesForCurrentThread() - allocatedBefore);
        }
    }
}
