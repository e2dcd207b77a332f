namespace WgNet.EndToEnd.Harness;

/// <summary>
/// Two hosts on one cable and a tunnel between them.
/// <code>
///   Left (WgNet)  172.16.1.1, fd16:1::1 ──────── 172.16.1.2, fd16:1::2  Right (the peer)
///   inside        10.9.0.1,   fd09::1   ════════ 10.9.0.2,   fd09::2
/// </code>
/// </summary>
public sealed class TunnelPair : IDisposable
{
    public const string LeftIPv4 = "10.9.0.1";
    public const string RightIPv4 = "10.9.0.2";
    public const string LeftIPv6 = "fd09::1";
    public const string RightIPv6 = "fd09::2";
    public const string LeftAllowedIps = LeftIPv4 + "/32," + LeftIPv6 + "/128";
    public const string RightAllowedIps = RightIPv4 + "/32," + RightIPv6 + "/128";

    public const int DefaultMtu = 1420;

    public TunnelPair(Implementation peer, Outside outside, int mtu = DefaultMtu, params string[] environment)
    {
        try
        {
            Outside = outside;
            LeftHost = Lab.AddHost("left");
            RightHost = Lab.AddHost("right");
            Lab.Link(LeftHost, RightHost, Math.Max(1500, mtu + 80));
            Left = Tunnel.Start(LeftHost, Implementation.WgNet, environment);
            Right = Tunnel.Start(RightHost, peer);
            Left.ListenOn(Tunnel.Port);
            Right.ListenOn(Tunnel.Port);
            Left.AddPeer(Right, RightAllowedIps, Tunnel.Endpoint(RightHost.Address(outside)));
            Right.AddPeer(Left, LeftAllowedIps, Tunnel.Endpoint(LeftHost.Address(outside)));
            Left.Up(mtu, LeftIPv4 + "/24", LeftIPv6 + "/64");
            Right.Up(mtu, RightIPv4 + "/24", RightIPv6 + "/64");
            Left.WaitUntilItListens();
            Right.WaitUntilItListens();
        }
        catch
        {
            Lab.Dispose();
            throw;
        }
    }

    public Lab Lab { get; } = new();

    public Outside Outside { get; }

    public Host LeftHost { get; }

    public Host RightHost { get; }

    public Tunnel Left { get; }

    public Tunnel Right { get; }

    public void PingBothWays()
    {
        Ping.Succeeds(LeftHost, RightIPv4);
        Ping.Succeeds(RightHost, LeftIPv6);
    }

    /// <summary>Leads the outside over one more host, by a relay that is started with it and the outside addresses of both ends.</summary>
    public T LeadThrough<T>(Func<Host, string, string, T> start)
        where T : IDisposable
    {
        Host host = Lab.AddHost("relay");
        Lab.Link(host, LeftHost);
        Lab.Link(host, RightHost);
        T relay = Lab.Add(start(host, LeftHost.Links[1].Address(Outside), RightHost.Links[1].Address(Outside)));
        Left.AddPeer(Right, RightAllowedIps, Tunnel.Endpoint(host.Links[0].Address(Outside)));
        Right.AddPeer(Left, LeftAllowedIps, Tunnel.Endpoint(host.Links[1].Address(Outside)));
        return relay;
    }

    public void Dispose() => Lab.Dispose();
}
