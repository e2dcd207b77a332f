using WgNet.Linux;

namespace WgNet.Udp;

/// <summary>The outside end over the kernel's UDP sockets. Dispose after <see cref="Receive"/> has returned for the last time.</summary>
public sealed class UdpSockets : IUdpSockets
{
    private readonly SocketPair _sockets;
    private readonly Receiver _receiver;
    private readonly Sender _sender;

    // For single datagrams, which are rare: handshakes and keepalives. Locked by its users.
    private readonly SendBatch _single = new(bytes: 65536, entries: 1);
    private bool _disposed;

    private UdpSockets(SocketPair sockets, UdpOptions options)
    {
        _sockets = sockets;
        _receiver = new Receiver(sockets);
        _sender = new Sender(sockets, options);
    }

    /// <summary>
    /// A peer's sticky source was refused, and the datagram went out without it: send to <see cref="Endpoint.WithoutSource"/> from
    /// now on. Raised on the sending thread, once for each datagram or run that met it.
    /// </summary>
    public event Action<Endpoint>? SourceLost
    {
        add => _sender.SourceLost += value;
        remove => _sender.SourceLost -= value;
    }

    /// <summary>The kernel refused to split for one of the sockets, with this errno; from now on WgNet does. At most once a socket.</summary>
    public event Action<int>? SegmentationDisabled
    {
        add => _sender.SegmentationDisabled += value;
        remove => _sender.SegmentationDisabled -= value;
    }

    public ushort Port => _sockets.Port;

    public bool HasIPv4 => _sockets.IPv4 is not null;

    public bool HasIPv6 => _sockets.IPv6 is not null;

    /// <summary>Bytes that each family's socket may hold unread, where one got less than the other the lesser.</summary>
    public int ReceiveBufferSize => Math.Min(_sockets.IPv4?.ReceiveBufferSize ?? int.MaxValue, _sockets.IPv6?.ReceiveBufferSize ?? int.MaxValue);

    /// <summary>Bytes that each family's socket may hold unsent, where one got less than the other the lesser.</summary>
    public int SendBufferSize => Math.Min(_sockets.IPv4?.SendBufferSize ?? int.MaxValue, _sockets.IPv6?.SendBufferSize ?? int.MaxValue);

    /// <summary>Datagrams that the kernel refused to send.</summary>
    public long Refused => _sender.Refused;

    /// <summary>How often a sticky source was refused.</summary>
    public long SourcesLost => _sender.SourcesLost;

    /// <summary>Messages dropped because they did not fit.</summary>
    public long Truncated => _receiver.Truncated;

    /// <summary>Datagrams without a byte, dropped.</summary>
    public long Empty => _receiver.Empty;

    /// <summary>
    /// Binds one port for both families; a host without one of them works with the other. Throws <see cref="LinuxException"/>:
    /// EADDRINUSE for a taken port, EPERM for a mark without the right to set one.
    /// </summary>
    /// <param name="port">0: any that is free for both.</param>
    /// <param name="mark">The firewall mark of everything sent; 0 for none.</param>
    public static UdpSockets Open(ushort port, uint mark, UdpOptions? options = null)
    {
        options ??= new UdpOptions();
        return new UdpSockets(SocketPair.Open(port, mark, options), options);
    }

    public int Receive(ReceiveBatch batch, int beside = -1)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return _receiver.Receive(batch, beside);
    }

    public void Wake() => _receiver.Wake();

    public int Send(SendBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return _sender.Send(batch, out _);
    }

    public int Send(Endpoint to, ReadOnlySpan<byte> datagram, byte ecn)
    {
        lock (_single)
        {
            if (_disposed)
            {
                return Errno.EBADF;
            }

            // A jumbo MTU allows packets that no datagram can carry once they are sealed.
            if (datagram.Length > _single.Free)
            {
                return Errno.EMSGSIZE;
            }

            datagram.CopyTo(_single.Reserve(datagram.Length));
            _single.Append(to, datagram.Length, ecn);
            _ = _sender.Send(_single, out int errno);
            return errno;
        }
    }

    public void SetMark(uint mark)
    {
        _sockets.IPv4?.SetMark(mark);
        _sockets.IPv6?.SetMark(mark);
    }

    public void Dispose()
    {
        _sockets.Dispose();
        _receiver.Dispose();
        lock (_single)
        {
            _disposed = true;
            _single.Dispose();
        }
    }
}
