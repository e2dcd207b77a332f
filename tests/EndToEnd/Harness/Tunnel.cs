using System.Globalization;

namespace WgNet.EndToEnd.Harness;

/// <summary>A WireGuard interface on a host, with the process that drives it. Stock wg(8) configures it.</summary>
public sealed class Tunnel
{
    public const int Port = 51820;

    private readonly string[] _command;

    private Tunnel(Host host, string name, string[] command)
    {
        Host = host;
        Name = name;
        _command = command;
        Daemon = Launch();
    }

    public Host Host { get; }

    public string Name { get; }

    public Daemon Daemon { get; private set; }

    /// <summary>A command with its arguments that starts the process from the next restart on, such as unshare(1).</summary>
    public string[] Launcher { get; set; } = [];

    public KeyPair Keys { get; private set; } = KeyPair.Generate();

    /// <summary>Starts the interface in the foreground and waits until its control socket answers.</summary>
    public static Tunnel Start(Host host, Implementation implementation, params string[] environment)
    {
        string name = host.NewInterfaceName();

        // A shell that runs the tests in its background makes them, and whom they start, ignore SIGINT.
        string[] command = ["env", "--default-signal=INT", .. environment, Programs.Of(implementation), "-f", name];
        var tunnel = new Tunnel(host, name, command);
        tunnel.SetPrivateKey(tunnel.Keys);
        return tunnel;
    }

    /// <summary>Ends the process with a signal and starts it again; it has its private key then, and nothing else.</summary>
    public void Restart(string signal)
    {
        if (!Daemon.HasExited)
        {
            Daemon.Signal(signal);
        }

        Assert.True(Daemon.WaitForExit(TimeSpan.FromSeconds(10)), "did not end");
        Daemon = Launch();
        SetPrivateKey(Keys);
    }

    public void SetPrivateKey(KeyPair keys)
    {
        Keys = keys;
        CommandResult result = Host.TryRun(["wg", "set", Name, "private-key", "/dev/stdin"], keys.Private + "\n");
        Assert.True(result.Succeeded, result.ToString());
    }

    /// <summary>Gives it addresses and brings it up.</summary>
    public void Up(int mtu, params string[] prefixes)
    {
        foreach (string prefix in prefixes)
        {
            string[] noDad = prefix.Contains(':', StringComparison.Ordinal) ? ["nodad"] : [];
            Host.Run(["ip", "address", "add", prefix, "dev", Name, .. noDad]);
        }

        Host.Run("ip", "link", "set", Name, "mtu", mtu.ToString(CultureInfo.InvariantCulture), "up");
        foreach (string prefix in prefixes.Where(prefix => prefix.Contains(':', StringComparison.Ordinal)))
        {
            WaitUntilKernelKnows(prefix.Split('/')[0]);
        }
    }

    /// <summary>
    /// Waits until the kernel takes packets for an IPv6 address: a moment after it lets one send from it, so that an answer can come
    /// too early and be lost.
    /// </summary>
    public void WaitUntilKernelKnows(string address) => Wait.Until(
        () => Host.Run("ip -6 route show table local").Contains($"local {address} ", StringComparison.Ordinal),
        TimeSpan.FromSeconds(10),
        $"{Name}: no local route to {address}");

    /// <summary>
    /// Waits for the socket at <see cref="Port"/>. A process hears of its interface's going up a moment later, on a busy machine a long
    /// one, and an initiation that comes before is lost for five seconds.
    /// </summary>
    public void WaitUntilItListens() => Wait.Until(
        () => Host.Run("ss -Hnlu").Contains($":{Port} ", StringComparison.Ordinal),
        TimeSpan.FromSeconds(10),
        $"{Name} opened no socket");

    /// <summary>wg set, with this interface's name filled in.</summary>
    public void Set(string arguments) => Host.Run($"wg set {Name} {arguments}");

    public void ListenOn(int port) => Set(string.Create(CultureInfo.InvariantCulture, $"listen-port {port}"));

    public void AddPeer(Tunnel peer, string allowedIps, string? endpoint = null) =>
        Set($"peer {peer.Keys.Public} allowed-ips {allowedIps}" + (endpoint is null ? "" : $" endpoint {endpoint}"));

    /// <summary>The peer's endpoint as this interface knows it now, <c>address:port</c>.</summary>
    public string EndpointOf(Tunnel peer) => Shown("endpoints", peer);

    public long LatestHandshake(Tunnel peer) => long.Parse(Shown("latest-handshakes", peer), CultureInfo.InvariantCulture);

    /// <summary>Outside bytes from and to the peer.</summary>
    public (long Received, long Sent) Transfer(Tunnel peer)
    {
        string[] numbers = Shown("transfer", peer).Split('\t');
        return (long.Parse(numbers[0], CultureInfo.InvariantCulture), long.Parse(numbers[1], CultureInfo.InvariantCulture));
    }

    /// <summary>address:port, with the brackets that IPv6 needs.</summary>
    public static string Endpoint(string address, int port = Port) => address.Contains(':', StringComparison.Ordinal)
        ? string.Create(CultureInfo.InvariantCulture, $"[{address}]:{port}")
        : string.Create(CultureInfo.InvariantCulture, $"{address}:{port}");

    /// <summary>Values of <paramref name="key"/> among the UAPI's lines for one peer.</summary>
    public IReadOnlyList<string> PeerValues(Tunnel peer, string key) => PeerValues(peer.Keys, key);

    public IReadOnlyList<string> PeerValues(KeyPair peer, string key)
    {
        string current = "";
        var values = new List<string>();
        foreach ((string name, string value) in UapiSocket.Get(Name))
        {
            current = name == "public_key" ? value : current;
            if (name == key && current == peer.PublicHex)
            {
                values.Add(value);
            }
        }

        return values;
    }

    private Daemon Launch()
    {
        Daemon daemon = Host.Start([.. Launcher, .. _command]);
        Wait.Until(
            () => daemon.HasExited || UapiSocket.Answers(Name),
            TimeSpan.FromSeconds(10),
            () => $"{Name} does not answer\n{daemon.Log}");
        Assert.False(daemon.HasExited, $"{Name} ended at once\n{daemon.Log}");
        return daemon;
    }

    private string Shown(string what, Tunnel peer)
    {
        string[] lines = Host.Run($"wg show {Name} {what}").Split('\n');
        string line = Assert.Single(lines, l => l.StartsWith(peer.Keys.Public, StringComparison.Ordinal));
        return line[(peer.Keys.Public.Length + 1)..];
    }
}
