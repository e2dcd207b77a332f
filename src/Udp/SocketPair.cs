using WgNet.Linux;

namespace WgNet.Udp;

/// <summary>Both families' sockets on one port. One of them is null on a host that has only the other family.</summary>
internal sealed class SocketPair : IDisposable
{
    // Enough to find a port that is free for both, unless hardly any is.
    private const int PortAttempts = 100;

    private SocketPair(OutsideSocket? ipv4, OutsideSocket? ipv6)
    {
        IPv4 = ipv4;
        IPv6 = ipv6;
        Port = (ushort)(ipv4 ?? ipv6)!.Datagrams.LocalName().Port;
    }

    public OutsideSocket? IPv4 { get; }

    public OutsideSocket? IPv6 { get; }

    public ushort Port { get; }

    public static SocketPair Open(ushort port, uint mark, UdpOptions options)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return OpenOnce(port, mark, options);
            }
            catch (LinuxException e) when (port == 0 && e.Errno == Errno.EADDRINUSE && attempt < PortAttempts)
            {
                // The port that the kernel chose for IPv4 is taken in IPv6: let it choose another.
            }
        }
    }

    public OutsideSocket? For(Endpoint endpoint) => endpoint.IsIPv4 ? IPv4 : IPv6;

    public void Dispose()
    {
        IPv4?.Dispose();
        IPv6?.Dispose();
    }

    private static SocketPair OpenOnce(ushort port, uint mark, UdpOptions options)
    {
        OutsideSocket? ipv4 = null, ipv6 = null;
        LinuxException? missing = null;
        try
        {
            ipv4 = OpenIfThere(isIPv4: true, port, mark, options, ref missing);
            ushort same = ipv4 is null ? port : (ushort)ipv4.Datagrams.LocalName().Port;
            ipv6 = OpenIfThere(isIPv4: false, same, mark, options, ref missing);
            return ipv4 is null && ipv6 is null ? throw missing! : new SocketPair(ipv4, ipv6);
        }
        catch
        {
            ipv4?.Dispose();
            ipv6?.Dispose();
            throw;
        }
    }

    private static OutsideSocket? OpenIfThere(bool isIPv4, ushort port, uint mark, UdpOptions options, ref LinuxException? missing)
    {
        try
        {
            return OutsideSocket.Open(isIPv4, port, mark, options);
        }
        catch (LinuxException e) when (e.Errno is Errno.EAFNOSUPPORT or Errno.EADDRNOTAVAIL)
        {
            missing = e;
            return null;
        }
    }
}
