using System.Globalization;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd.Kernel;

/// <summary>A WireGuard interface in the guest: the kernel's own. wg(8) there configures it.</summary>
public sealed class KernelInterface : IDisposable
{
    private static int _count;

    private readonly KernelGuest _guest;

    public KernelInterface(KernelGuest guest)
    {
        _guest = guest;
        Name = string.Create(CultureInfo.InvariantCulture, $"wg{Interlocked.Increment(ref _count)}");
        guest.Run($"ip link add {Name} type wireguard");
        Set($"listen-port {Tunnel.Port}");
        SetSecret("private-key", Keys.Private);
    }

    public string Name { get; }

    public KeyPair Keys { get; } = KeyPair.Generate();

    /// <summary>wg set, with this interface's name filled in.</summary>
    public void Set(string arguments) => _guest.Run($"wg set {Name} {arguments}");

    public void SetPresharedKey(Tunnel peer, string key) => SetSecret($"peer {peer.Keys.Public} preshared-key", key);

    /// <summary>Gives it addresses and brings it up.</summary>
    public void Up(params string[] prefixes)
    {
        foreach (string prefix in prefixes)
        {
            _guest.Run($"ip address add {prefix} dev {Name}");
        }

        _guest.Run($"ip link set {Name} mtu {TunnelPair.DefaultMtu} up");
    }

    /// <summary>The peer's endpoint as the kernel knows it now.</summary>
    public string EndpointOf(Tunnel peer) => Shown("endpoints", peer);

    public long LatestHandshake(Tunnel peer) => long.Parse(Shown("latest-handshakes", peer), CultureInfo.InvariantCulture);

    public void Dispose() => _guest.TryRun($"ip link del {Name}");

    private void SetSecret(string what, string key) => _guest.Run($"echo {key} | wg set {Name} {what} /dev/stdin");

    private string Shown(string what, Tunnel peer)
    {
        string[] lines = _guest.Run($"wg show {Name} {what}").Split('\n');
        string line = Assert.Single(lines, l => l.StartsWith(peer.Keys.Public, StringComparison.Ordinal));
        return line[(peer.Keys.Public.Length + 1)..];
    }
}
