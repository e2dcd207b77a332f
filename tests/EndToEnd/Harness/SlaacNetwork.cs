using System.Globalization;
using System.Net;

namespace WgNet.EndToEnd.Harness;

/// <summary>
/// A WgNet gateway with one /64 that radvd advertises into the tunnel, and clients that know nothing but keys.
/// <code>
///   gateway   2001:db8:1::1/64, fe80::1   LearnableIPs of each client = 2001:db8:1::/64, fe80::/64
///     ║ ║
///     ║ ╚═══ client, AllowedIPs = ::/0    link-local and global addresses by SLAAC
///     ╚═════ client, the same
/// </code>
/// </summary>
public sealed class SlaacNetwork : IDisposable
{
    public const string Prefix = "2001:db8:1::/64";
    public const string GatewayAddress = "2001:db8:1::1";
    public const string LinkLocalPrefix = "fe80::/64";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);

    private readonly Outside _outside;
    private readonly Implementation _peer;

    public SlaacNetwork(Implementation peer, Outside outside)
    {
        try
        {
            _peer = peer;
            _outside = outside;
            GatewayHost = Lab.AddHost("gateway");
            GatewayHost.EnableForwarding();
            Gateway = Tunnel.Start(GatewayHost, Implementation.WgNet);
            Gateway.ListenOn(Tunnel.Port);
            UpGateway();
            Radvd.Start(Gateway, Lab.Folder, Prefix);
        }
        catch
        {
            Lab.Dispose();
            throw;
        }
    }

    public Lab Lab { get; } = new();

    public Host GatewayHost { get; }

    public Tunnel Gateway { get; }

    /// <summary>A client that may learn, up but perhaps without an address yet.</summary>
    public Tunnel AddClient(bool temporaryAddresses = false)
    {
        Tunnel client = AddPeer("client", _peer);
        LetLearn(client);
        if (temporaryAddresses)
        {
            client.Host.Sysctl($"net.ipv6.conf.{client.Name}.use_tempaddr", 2);
        }

        client.Up(TunnelPair.DefaultMtu);
        return client;
    }

    /// <summary>The gateway's process ends by a signal, another begins and is configured as the first was. It gets no endpoint of a client's.</summary>
    public void RestartGateway(string signal, params Tunnel[] clients)
    {
        Gateway.Restart(signal);
        Gateway.ListenOn(Tunnel.Port);
        foreach (Tunnel client in clients)
        {
            Gateway.Set("peer " + client.Keys.Public);
            LetLearn(client);
        }

        UpGateway();
        Gateway.WaitUntilItListens();
    }

    /// <summary>A peer with a link of its own to the gateway, known to it by key alone.</summary>
    public Tunnel AddPeer(string role, Implementation implementation)
    {
        Host host = Lab.AddHost(role);
        Lab.Link(host, GatewayHost);
        Tunnel tunnel = Tunnel.Start(host, implementation);
        Gateway.Set("peer " + tunnel.Keys.Public);
        tunnel.AddPeer(Gateway, "::/0", Tunnel.Endpoint(GatewayHost.Links[^1].Address(_outside)));
        return tunnel;
    }

    /// <summary>Waits until the client's kernel has formed its stable global address.</summary>
    public static string WaitForAddress(Tunnel client) => WaitForAddress(client, "mngtmpaddr");

    /// <summary>Waits until the client's kernel has formed a temporary global address.</summary>
    public static string WaitForTemporaryAddress(Tunnel client) => WaitForAddress(client, "temporary");

    /// <summary>Gives a client an address by hand.</summary>
    public static void AddAddress(Tunnel client, string address)
    {
        client.Host.Run($"ip address add {address}/128 dev {client.Name} nodad");
        client.WaitUntilKernelKnows(address);
    }

    /// <summary>Addresses that the gateway has learned for a client.</summary>
    public IReadOnlyList<string> Learned(Tunnel client) =>
        [.. Gateway.PeerValues(client, "learned_ip").Select(prefix => prefix.Split('/')[0])];

    /// <summary>How often the gateway has dropped a packet of the client's for a reason, as the control socket names it.</summary>
    public long Drops(Tunnel client, string reason) =>
        Gateway.PeerValues(client, "drop_" + reason).Sum(value => long.Parse(value, CultureInfo.InvariantCulture));

    /// <summary>The first address in what <c>ip -6 -o address</c> prints that has the flag and is ready for use.</summary>
    //  inet6 2001:db8:1:0:1234:5678:9abc:def0/64 scope global dynamic mngtmpaddr stable-privacy
    public static string? FindAddress(string listing, string flag) => listing
        .Split('\n')
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Where(words => words.Contains(flag, StringComparer.Ordinal) && !words.Contains("tentative", StringComparer.Ordinal))
        .Select(words => IPAddress.Parse(words[3].Split('/')[0]).ToString())
        .FirstOrDefault();

    public void Dispose() => Lab.Dispose();

    /// <summary>Waits until the kernel has formed a global address with this flag, as <c>ip address</c> calls it.</summary>
    public static string WaitForAddress(Host client, string interfaceName, string flag)
    {
        string? address = null;
        Wait.Until(
            () => (address = FindAddress(client.Run($"ip -6 -o address show dev {interfaceName} scope global"), flag)) is not null,
            Timeout,
            () => $"no {flag} address\n" + client.Run($"ip -6 address show dev {interfaceName}"));
        return address!;
    }

    private static string WaitForAddress(Tunnel client, string flag) => WaitForAddress(client.Host, client.Name, flag);

    private void UpGateway() => Gateway.Up(TunnelPair.DefaultMtu, "fe80::1/64", GatewayAddress + "/64");

    private void LetLearn(Tunnel client) => Assert.Equal(0, UapiSocket.Set(
        Gateway.Name, "public_key=" + client.Keys.PublicHex, "learnable_ip=" + Prefix, "learnable_ip=" + LinkLocalPrefix));
}
