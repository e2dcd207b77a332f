using System.Globalization;

namespace WgNet.Bench;

/// <summary>One end of a <see cref="Cable"/>: a host, its tunnel's interface, and its keys.</summary>
/// <param name="Inside">The address inside the tunnel.</param>
/// <param name="Outside">address:port of the WireGuard socket.</param>
internal sealed record CableEnd(Host Host, string Interface, KeyPair Keys, string Inside, string Outside);

/// <summary>
/// Two hosts joined by a veth pair, and the tunnel between them.
/// <code>
///   172.16.1.1:51820 ───── outside ───── 172.16.1.2:51820
///   10.9.0.1         ═════ inside  ═════ 10.9.0.2
/// </code>
/// </summary>
internal sealed class Cable : IDisposable
{
    private const int Port = 51820;

    // An IPv6 header, a UDP header, WireGuard's header and tag.
    private const int Overhead = 80;

    private readonly Lab _lab = new();
    private readonly CableSettings _settings;

    public Cable(CableSettings settings)
    {
        _settings = settings;
        try
        {
            Host left = _lab.AddHost("left");
            Host right = _lab.AddHost("right");
            _lab.Link(left, right, settings.InsideMtu + Overhead);
            if (!settings.UdpSegmentation)
            {
                foreach (Host host in (Host[])[left, right])
                {
                    host.Run($"ethtool -K {host.Links[0].Interface} tx-udp-segmentation off");
                }
            }

            Ends = [MakeEnd(left, "10.9.0.1"), MakeEnd(right, "10.9.0.2")];
        }
        catch
        {
            _lab.Dispose();
            throw;
        }
    }

    /// <summary>Left and right.</summary>
    public CableEnd[] Ends { get; }

    public CableEnd Left => Ends[0];

    public CableEnd Right => Ends[1];

    /// <summary>Keys, port and peer by stock wg(8).</summary>
    public void Configure()
    {
        for (int i = 0; i < Ends.Length; i++)
        {
            CableEnd end = Ends[i];
            CableEnd peer = Ends[1 - i];
            CommandResult result = end.Host.TryRun(
                ["wg", "set", end.Interface, "private-key", "/dev/stdin", "listen-port", Port.ToString(CultureInfo.InvariantCulture),
                    "peer", peer.Keys.Public, "allowed-ips", "10.9.0.0/24,fd09::/64", "endpoint", peer.Outside],
                end.Keys.Private + "\n");
            if (!result.Succeeded)
            {
                throw new InvalidOperationException(result.ToString());
            }
        }
    }

    /// <summary>Brings the tunnel up and waits until it carries.</summary>
    public void Up()
    {
        foreach (CableEnd end in Ends)
        {
            end.Host.Run($"ip address add {end.Inside}/24 dev {end.Interface}");
            end.Host.Run(string.Create(CultureInfo.InvariantCulture, $"ip link set {end.Interface} mtu {_settings.InsideMtu} up"));
        }

        Wait.Until(
            () => Left.Host.TryRun($"ping -n -q -c 1 -W 1 {Right.Inside}").Succeeded,
            TimeSpan.FromSeconds(10),
            "the tunnel does not come up");
    }

    public void Dispose() => _lab.Dispose();

    private static CableEnd MakeEnd(Host host, string inside) => new(
        host, host.NewInterfaceName(), KeyPair.Generate(), inside, string.Create(CultureInfo.InvariantCulture, $"{host.Links[0].IPv4}:{Port}"));
}

/// <param name="UdpSegmentation">Whether the outside device takes UDP_SEGMENT, as veth does and many network cards do not.</param>
internal sealed record CableSettings(int InsideMtu, bool UdpSegmentation = true);
