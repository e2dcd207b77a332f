namespace WgNet.Linux;

/// <summary>The socket options that WgNet sets (asm-generic/socket.h, bits/in.h, linux/udp.h).</summary>
public static class SocketOption
{
    public const int SOL_SOCKET = 1, SO_SNDBUF = 7, SO_RCVBUF = 8, SO_SNDBUFFORCE = 32, SO_RCVBUFFORCE = 33, SO_MARK = 36;

    public const int IP_PKTINFO = 8, IP_MTU_DISCOVER = 10, IP_RECVTOS = 13, IP_PMTUDISC_DONT = 0;

    public const int IPV6_MTU_DISCOVER = 23, IPV6_V6ONLY = 26, IPV6_RECVPKTINFO = 49, IPV6_RECVTCLASS = 66, IPV6_PMTUDISC_DONT = 0;
}
