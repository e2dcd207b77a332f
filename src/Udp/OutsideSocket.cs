using System.Net;
using WgNet.Linux;

namespace WgNet.Udp;

/// <summary>One family's socket, set up for WireGuard, and what its kernel was found able to do.</summary>
internal sealed class OutsideSocket : IDisposable
{
    private volatile bool _segments;

    private OutsideSocket(DatagramSocket datagrams) => Datagrams = datagrams;

    public DatagramSocket Datagrams { get; }

    /// <summary>Whether the kernel splits long messages for us (UDP_SEGMENT).</summary>
    public bool Segments => _segments;

    /// <summary>Bytes that the socket may hold unread, as granted. The kernel answers with twice that: its own bookkeeping counts, too.</summary>
    public int ReceiveBufferSize => BufferSize(SocketOption.SO_RCVBUF);

    /// <summary>Bytes that the socket may hold unsent, as granted.</summary>
    public int SendBufferSize => BufferSize(SocketOption.SO_SNDBUF);

    /// <summary>Opens and binds one. Throws <see cref="LinuxException"/>; nothing stays open then.</summary>
    public static OutsideSocket Open(bool isIPv4, ushort port, uint mark, UdpOptions options)
    {
        var socket = new OutsideSocket(DatagramSocket.Open(isIPv4));
        try
        {
            socket.SetUp(options);
            if (mark != 0)
            {
                socket.SetMark(mark);
            }

            socket.Datagrams.Bind(isIPv4 ? IPAddress.Any : IPAddress.IPv6Any, port);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void SetMark(uint mark) => Datagrams.SetOption(SocketOption.SOL_SOCKET, SocketOption.SO_MARK, "SO_MARK", (int)mark);

    /// <summary>Sends in single datagrams from now on. False if that was so already.</summary>
    public bool StopSegmenting()
    {
        bool did = _segments;
        _segments = false;
        return did;
    }

    public void Dispose() => Datagrams.Dispose();

    private void SetUp(UdpOptions options)
    {
        if (Datagrams.IsIPv4)
        {
            Datagrams.SetOption(ControlMessage.SOL_IP, SocketOption.IP_PKTINFO, "IP_PKTINFO", 1);
            Datagrams.SetOption(ControlMessage.SOL_IP, SocketOption.IP_RECVTOS, "IP_RECVTOS", 1);
        }
        else
        {
            Datagrams.SetOption(ControlMessage.SOL_IPV6, SocketOption.IPV6_V6ONLY, "IPV6_V6ONLY", 1);
            Datagrams.SetOption(ControlMessage.SOL_IPV6, SocketOption.IPV6_RECVPKTINFO, "IPV6_RECVPKTINFO", 1);
            Datagrams.SetOption(ControlMessage.SOL_IPV6, SocketOption.IPV6_RECVTCLASS, "IPV6_RECVTCLASS", 1);
        }

        AllowFragments();
        SetBufferSize(SocketOption.SO_RCVBUFFORCE, SocketOption.SO_RCVBUF, options.BufferSize);
        SetBufferSize(SocketOption.SO_SNDBUFFORCE, SocketOption.SO_SNDBUF, options.BufferSize);
        if (options.Offload)
        {
            // A kernel that does not know UDP_SEGMENT ignores it in a control message and would send one huge datagram, so ask first.
            _segments = Datagrams.TryGetOption(ControlMessage.SOL_UDP, ControlMessage.UDP_SEGMENT, out _);
            _ = Datagrams.TrySetOption(ControlMessage.SOL_UDP, ControlMessage.UDP_GRO, 1);
        }
    }

    // As in the kernel's WireGuard: no "don't fragment" outside, and fragments where the path needs them. The inside MTU is
    // the administrator's statement of what fits; where it is too large, slow beats a black hole. A UDP socket's
    // default would refuse (EMSGSIZE) what exceeds a path MTU learned from anyone's ICMP.
    private void AllowFragments()
    {
        _ = Datagrams.IsIPv4
            ? Datagrams.TrySetOption(ControlMessage.SOL_IP, SocketOption.IP_MTU_DISCOVER, SocketOption.IP_PMTUDISC_DONT)
            : Datagrams.TrySetOption(ControlMessage.SOL_IPV6, SocketOption.IPV6_MTU_DISCOVER, SocketOption.IPV6_PMTUDISC_DONT);
    }

    private int BufferSize(int option) => Datagrams.TryGetOption(SocketOption.SOL_SOCKET, option, out int size) ? size / 2 : 0;

    // FORCE passes over rmem_max, for those who may; the plain option takes what the limit leaves, and fails for nobody.
    private void SetBufferSize(int force, int plain, int bytes)
    {
        if (Datagrams.TrySetOption(SocketOption.SOL_SOCKET, force, bytes) != 0)
        {
            _ = Datagrams.TrySetOption(SocketOption.SOL_SOCKET, plain, bytes);
        }
    }
}
