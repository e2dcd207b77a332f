using System.Collections.Concurrent;
using WgNet.Linux;
using WgNet.Tun;

namespace WgNet.Unit.Fakes;

/// <summary>A TUN device without a kernel: a test puts in what the host sends, and takes out what the host would receive. Thread-safe.</summary>
public sealed class MemoryTun(bool hasOffload = false) : ITunDevice
{
    private readonly ConcurrentQueue<byte[]> _fromHost = new();
    private readonly BlockingCollection<byte[]> _toHost = [];
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly EventFd _readable = new();
    private readonly ConcurrentDictionary<int, bool> _readers = new();
    private readonly ConcurrentDictionary<int, bool> _writers = new();
    private int _reads;
    private volatile bool _closed;

    public string Name { get; set; } = "memory0";

    public bool HasOffload { get; } = hasOffload;

    public bool HasUdpOffload { get; set; } = hasOffload;

    /// <summary>Whether there is a descriptor to wait for, so that an inbound worker may watch the interface.</summary>
    public bool HasDescriptor { get; set; } = true;

    public int Descriptor => HasDescriptor ? _readable.Fd : -1;

    /// <summary>As if the interface were down: writes fail.</summary>
    public bool RefusesWrites { get; set; }

    /// <summary>Called before each read, with how many packets have been read until then.</summary>
    public Action<int>? Reading { get; set; }

    /// <summary>Called before a packet of the device's own is written, such as an ICMP error.</summary>
    public Action? WritingOwn { get; set; }

    /// <summary>Called in place of each rest.</summary>
    public Action? Resting { get; set; }

    /// <summary>How many threads have taken packets from the host, and how many have given it some.</summary>
    public int Readers => _readers.Count;

    public int Writers => _writers.Count;

    /// <summary>The host sends a packet.</summary>
    public void Send(ReadOnlySpan<byte> packet) => Send(default, packet);

    /// <summary>The host sends a super-packet, or a packet without checksum.</summary>
    public void Send(in VirtioNetHeader header, ReadOnlySpan<byte> packet)
    {
        byte[] both = new byte[VirtioNetHeader.Size + packet.Length];
        header.Write(both);
        packet.CopyTo(both.AsSpan(VirtioNetHeader.Size));
        SendRaw(both);
    }

    /// <summary>What a read returns next, header and packet as they are.</summary>
    public void SendRaw(byte[] headerAndPacket)
    {
        _fromHost.Enqueue(headerAndPacket);
        SeemReadable();
    }

    /// <summary>What was written next, header first. Null after <paramref name="timeout"/>.</summary>
    public byte[]? TakeWritten(TimeSpan timeout) => _toHost.TryTake(out byte[]? written, timeout) ? written : null;

    /// <summary>The next written packet, without its header. Null after <paramref name="timeout"/>.</summary>
    public byte[]? Receive(TimeSpan timeout) => TakeWritten(timeout)?[VirtioNetHeader.Size..];

    /// <summary>As if there were something to read: whoever waits for that, reads.</summary>
    public void SeemReadable()
    {
        _readable.Signal();
        _wake.Set();
    }

    /// <summary>The interface is deleted.</summary>
    public void Close()
    {
        _closed = true;
        SeemReadable();
    }

    public int Read(NativeBuffer buffer, int offset)
    {
        if (_closed)
        {
            return -1;
        }

        Reading?.Invoke(Volatile.Read(ref _reads));
        if (!_fromHost.TryDequeue(out byte[]? packet))
        {
            return 0;
        }

        Interlocked.Increment(ref _reads);
        if (_fromHost.IsEmpty)
        {
            Drain();
        }

        _readers[Environment.CurrentManagedThreadId] = true;
        packet.CopyTo(buffer.Slice(offset, packet.Length));
        return packet.Length;
    }

    public bool WaitReadable()
    {
        if (_fromHost.IsEmpty && !_closed)
        {
            _wake.WaitOne();
        }

        return !_closed;
    }

    public void Rest(TimeSpan time) => Resting?.Invoke();

    public void Wake() => _wake.Set();

    public bool Write(IoVectors packet)
    {
        if (RefusesWrites || _closed)
        {
            return false;
        }

        _writers[Environment.CurrentManagedThreadId] = true;
        byte[] written = new byte[packet.Length];
        int end = 0;
        for (int i = 0; i < packet.Count; i++)
        {
            packet[i].CopyTo(written.AsSpan(end));
            end += packet[i].Length;
        }

        _toHost.Add(written);
        return true;
    }

    public bool WriteOwn(ReadOnlySpan<byte> packet)
    {
        WritingOwn?.Invoke();
        if (RefusesWrites || _closed)
        {
            return false;
        }

        _toHost.Add([.. new byte[VirtioNetHeader.Size], .. packet]);
        return true;
    }

    public void Dispose()
    {
        Close();
        _readable.Dispose();
    }

    // What came in between is signalled once too often rather than not at all.
    private void Drain()
    {
        _readable.Drain();
        if (!_fromHost.IsEmpty || _closed)
        {
            _readable.Signal();
        }
    }
}
