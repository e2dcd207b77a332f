using WgNet.Linux;
using WgNet.Tun;

namespace WgNet.Unit.Fakes;

/// <summary>
/// A TUN device that sends one packet over and over, a few ahead of what its <see cref="Partner"/> has received, and notes what the
/// thread that calls it has allocated: a worker calls it from its own loop, so nothing else on the machine disturbs the figure.
/// </summary>
public sealed class MeteredTun(byte[] packet, int warmUp, int count) : ITunDevice
{
    private const int Ahead = 16;

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

    public bool HasOffload => false;

    public bool HasUdpOffload => false;

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
        if (Partner is null || _sent == warmUp + count || _sent >= Volatile.Read(ref Partner._received) + Ahead)
        {
            return 0;
        }

        Meter(++_sent, ref _readerBefore, ref _readerAllocated);
        buffer.Slice(offset, VirtioNetHeader.Size).Clear();
        packet.CopyTo(buffer.Slice(offset + VirtioNetHeader.Size, packet.Length));
        return VirtioNetHeader.Size + packet.Length;
    }

    public bool WaitReadable()
    {
        _wake.WaitOne();
        return !_closed;
    }

    public void Wake() => _wake.Set();

    public bool Write(IoVectors packet)
    {
        int received = Volatile.Read(ref _received) + 1;
        Meter(received, ref _writerBefore, ref _writerAllocated);
        Volatile.Write(ref _received, received);
        Sender?.Wake();
        if (received == warmUp + count)
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

    // Before the first measured packet and at the last.
    private void Meter(int number, ref long before, ref long allocated)
    {
        if (number == warmUp)
        {
            before = GC.GetAllocatedBytesForCurrentThread();
        }
        else if (number == warmUp + count)
        {
            Volatile.Write(ref allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }
}
