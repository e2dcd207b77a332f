using System.Diagnostics;
using System.Net;
using WgNet.Device;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Udp;
using Xunit;

namespace WgNet.Unit.Uapi;

/// <summary>The real wg(8) against the server: what it reads, what it writes, and that the extensions do not disturb it.</summary>
public sealed class StockWgTests : IDisposable
{
    private const string Key = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=";
    private const string Peer = "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=";

    private readonly ServerFixture _fixture = new();

    [Fact]
    public void Show_DeviceWithExtensions_ReportsEverythingThatWgKnows()
    {
        _fixture.Device.Report = Report;
        string[] lines = Wg("", "show", _fixture.Name, "dump").TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.Equal($"{Key}\t{lines[0].Split('\t')[1]}\t51820\t0x2a", lines[0]);
        Assert.Equal($"{Peer}\t(none)\t192.0.2.1:1234\t10.0.0.0/8,2001:db8::/32\t1700000000\t11\t22\t25", lines[1]);
    }

    [Fact]
    public void Showconf_Device_WritesConfiguration()
    {
        _fixture.Device.Report = Report;
        string text = Wg("", "showconf", _fixture.Name);
        Assert.Contains("ListenPort = 51820\nFwMark = 0x2a\nPrivateKey = " + Key, text, StringComparison.Ordinal);
        Assert.Contains("PublicKey = " + Peer, text, StringComparison.Ordinal);
        Assert.Contains("AllowedIPs = 10.0.0.0/8, 2001:db8::/32", text, StringComparison.Ordinal);
        Assert.Contains("PersistentKeepalive = 25", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Set_PeerAndPort_ReachesDevice()
    {
        Assert.Equal("", Wg("", "set", _fixture.Name, "listen-port", "1000", "fwmark", "0x10", "peer", Peer, "endpoint", "[::1]:5",
            "persistent-keepalive", "off", "allowed-ips", "10.1.0.0/16,fd00::/8"));
        DeviceUpdate update = Assert.Single(_fixture.Device.Applied);
        Assert.Equal((ushort?)1000, update.ListenPort);
        Assert.Equal(16u, update.FirewallMark);
        PeerUpdate peer = Assert.Single(update.Peers);
        Assert.Equal(Peer, peer.PublicKey.ToString());
        Assert.Equal("[::1]:5", peer.Endpoint!.ToString());
        Assert.Equal((ushort?)0, peer.PersistentKeepalive);
        Assert.True(peer.ReplaceAllowedIps);
        Assert.Equal("10.1.0.0/16 fd00::/8", string.Join(' ', peer.AllowedIps.Select(p => p.Prefix)));
    }

    [Fact]
    public void Setconf_File_ReplacesEverything()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, $"[Interface]\nPrivateKey = {Key}\n[Peer]\nPublicKey = {Peer}\nPresharedKey = {Key}\n");
        Assert.Equal("", Wg("", "setconf", _fixture.Name, file));
        File.Delete(file);
        DeviceUpdate update = Assert.Single(_fixture.Device.Applied);
        Assert.True(update.ReplacePeers);
        Assert.Equal((ushort?)0, update.ListenPort);
        Assert.Equal(Convert.FromBase64String(Key), _fixture.Device.AppliedPrivateKeys[0]);
        Assert.Equal(Convert.FromBase64String(Key), _fixture.Device.AppliedPresharedKeys[0]);
    }

    [Fact]
    public void Set_RefusedByDevice_ShowsErrnoText()
    {
        _fixture.Device.Refusal = new ConfigurationException("port in use", WgNet.Linux.Errno.EADDRINUSE);
        Assert.Contains("Address already in use", Wg("", "set", _fixture.Name, "listen-port", "1"), StringComparison.Ordinal);
    }

    [Fact]
    public void ShowInterfaces_RunningServer_IsListed() =>
        Assert.Contains(_fixture.Name, Wg("", "show", "interfaces"), StringComparison.Ordinal);

    [Fact]
    public void Show_PeerWithMoreThan65000AllowedIps_ReportsThemAll()
    {
        _fixture.Device.Report = () =>
        {
            DeviceSnapshot device = Report();
            device.Peers[0].AllowedIps.Clear();
            device.Peers[0].AllowedIps.AddRange(Enumerable.Range(0, 255 * 256).Select(i => new IpPrefix((UInt128)(0x0A000000 + i), 32, isIPv4: true)));
            return device;
        };
        string text = Wg("", "show", _fixture.Name, "allowed-ips");
        Assert.Equal(255 * 256, text.Split('\t')[1].TrimEnd('\n').Split(' ').Distinct(StringComparer.Ordinal).Count());
    }

    public void Dispose() => _fixture.Dispose();

    internal static DeviceSnapshot Report()
    {
        var device = new DeviceSnapshot
        {
            PrivateKey = Convert.FromBase64String(Key),
            PrivateKeyFile = "/etc/wireguard/schlüssel.key",
            ListenPort = 51820,
            FirewallMark = 42,
            WgNetVersion = "1.2.3",
            Workers = 2,
            StateFile = false,
            StateFileFailures = 9,
            MetricsListen = new MetricsAddress("/run/m", null),
        };
        Assert.True(PublicKey.TryParseBase64(Peer, out PublicKey publicKey));
        var peer = new PeerSnapshot(publicKey)
        {
            Endpoint = new Endpoint(IPAddress.Parse("192.0.2.1"), 1234),
            EndpointHost = "gateway.example:1234",
            EndpointHostFailures = 5,
            LastHandshakeWallTime = 1_700_000_000_500_000_000,
            ReceivedBytes = 11,
            SentBytes = 22,
            PersistentKeepalive = 25,
            LearnLimit = 16,
            LearnTimeoutSeconds = 86400,
        };
        peer.AllowedIps.AddRange([Prefix("10.0.0.0/8"), Prefix("2001:db8::/32")]);
        peer.LearnableIps.Add(Prefix("2001:db8:1::/64"));
        peer.LearnedAddresses.Add(new LearnedAddressSnapshot(Prefix("2001:db8:1::5").Address, 7) { FirstSeenSeconds = 9, Packets = 11, IsPinned = true });
        peer.Drops.Add(("conflict", 3));
        device.Drops.Add(("bad_mac1", 4));
        device.Peers.Add(peer);
        return device;
    }

    internal static IpPrefix Prefix(string text) => IpPrefix.TryParse(text, out IpPrefix prefix) ? prefix : throw new FormatException(text);

    // What wg wrote to both its outputs.
    private static string Wg(string input, params string[] arguments)
    {
        using Process wg = Process.Start(new ProcessStartInfo("wg", arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        wg.StandardInput.Write(input);
        wg.StandardInput.Close();
        Task<string> errors = wg.StandardError.ReadToEndAsync();
        string output = wg.StandardOutput.ReadToEnd() + errors.GetAwaiter().GetResult();
        Assert.True(wg.WaitForExit(10_000));
        return output;
    }
}
