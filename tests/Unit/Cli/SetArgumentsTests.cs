using WgNet.Cli;
using WgNet.Cli.Configure;
using WgNet.Device;
using Xunit;

namespace WgNet.Unit.Cli;

public sealed class SetArgumentsTests
{
    private const string A = "xxWX6tbaY40p4faQbHaDxiFfmAZcDR/EDxGWX4P0ZCc=", B = "ofWdksV7qyzxzqgSf26Nokqyge1v2DHx++Q0k/McfUk=";

    [Fact]
    public void Read_EveryWordOfTheInterface_IsInTheUpdate()
    {
        string file = Path.GetTempFileName();
        File.WriteAllText(file, A + "\n");
        try
        {
            DeviceUpdate update = Read("listen-port", "51820", "fwmark", "0x2A", "private-key", file, "workers", "3", "metrics-listen", "[::1]:9586", "state-file", "off");

            Assert.Equal((51820, 42u, A), (update.ListenPort!.Value, update.FirewallMark!.Value, Convert.ToBase64String(update.PrivateKey!)));
            Assert.Equal((3, "[::1]:9586", false), (update.Workers!.Value, update.MetricsListen?.ToString(), update.StateFile!.Value));
            Assert.Empty(update.Peers);
            Assert.False(update.ReplacePeers);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Read_EveryWordOfPeers_IsInTheUpdate()
    {
        DeviceUpdate update = Read(
            "peer", A, "preshared-key", "/dev/null", "endpoint", "[2001:db8::5]:7", "persistent-keepalive", "25", "allowed-ips", "10.0.0.0/8, ::/0",
            "learnable-ips", "2001:db8::/64", "learn-limit", "4", "learn-timeout", "2h",
            "peer", B, "remove", "peer", A, "endpoint", "name.example:8", "persistent-keepalive", "OFF");

        Assert.Equal([A, B, A], update.Peers.Select(peer => peer.PublicKey.ToString()));
        PeerUpdate first = update.Peers[0];
        Assert.Equal(new byte[32], first.PresharedKey);
        Assert.Equal(("[2001:db8::5]:7", "", (ushort?)25), (first.Endpoint?.ToString(), first.EndpointHost, first.PersistentKeepalive));
        Assert.True(first.ReplaceAllowedIps);
        Assert.Equal(["10.0.0.0/8", "::/0"], first.AllowedIps.Select(prefix => prefix.Prefix.ToString()));
        Assert.True(first.ReplaceLearnableIps);
        Assert.Equal(["2001:db8::/64"], first.LearnableIps.Select(prefix => prefix.Prefix.ToString()));
        Assert.Equal((4, 7200), (first.LearnLimit, first.LearnTimeoutSeconds));
        Assert.True(update.Peers[1].Remove);
        Assert.Equal((null, "name.example:8", (ushort?)0), (update.Peers[2].Endpoint, update.Peers[2].EndpointHost, update.Peers[2].PersistentKeepalive));
        Assert.False(update.Peers[2].ReplaceAllowedIps || update.Peers[2].ReplaceLearnableIps);
    }

    [Theory]
    [InlineData(true, "", "")]
    [InlineData(true, "10.0.0.0/8,10.1.0.0/16", "10.0.0.0/8 10.1.0.0/16")]
    [InlineData(false, "+10.0.0.0/8,-10.1.0.0/16,+fd00::/8", "10.0.0.0/8 -10.1.0.0/16 fd00::/8")]
    [InlineData(false, "10.0.0.0/8,+10.1.0.0/16", "10.0.0.0/8 10.1.0.0/16")]
    [InlineData(true, "192.0.2.1,2001:db8::1", "192.0.2.1/32 2001:db8::1/128")]
    public void Read_AllowedIps_ReplaceUnlessOneHasASign(bool replace, string list, string expected)
    {
        PeerUpdate peer = Read("peer", A, "allowed-ips", list).Peers[0];

        Assert.Equal(replace, peer.ReplaceAllowedIps);
        Assert.Equal(expected, string.Join(' ', peer.AllowedIps.Select(prefix => (prefix.Remove ? "-" : "") + prefix.Prefix)));
    }

    [Fact]
    public void Read_LearnableIpsWithSigns_AreIncremental()
    {
        PeerUpdate peer = Read("peer", A, "learnable-ips", "+2001:db8::/64,-2001:db8:1::/64").Peers[0];

        Assert.False(peer.ReplaceLearnableIps);
        Assert.Equal([false, true], peer.LearnableIps.Select(prefix => prefix.Remove));
    }

    [Fact]
    public void Read_PrefixWithHostBits_IsTakenWithWgsWarning()
    {
        List<string> warnings = [];
        DeviceUpdate update = SetArguments.Read(["peer", A, "allowed-ips", "10.1.2.3/8,10.0.0.0/8,192.0.2.1"], warnings.Add);

        Assert.Equal(["Warning: AllowedIP has nonzero host part: 10.1.2.3/8"], warnings);
        Assert.Equal(3, update.Peers[0].AllowedIps.Count);
    }

    [Theory]
    [InlineData("Invalid argument: listn-port; did you mean listen-port?", "listn-port", "1")]
    [InlineData("Invalid argument: zzz; expected one of listen-port, fwmark, private-key, workers, metrics-listen, state-file, peer", "zzz")]
    [InlineData("Invalid argument: endpoint; it belongs to a peer: peer <public key> comes before it", "endpoint", "1.2.3.4:5")]
    [InlineData("Invalid argument: fwmark; it is the interface's and comes before the first peer", "peer", A, "fwmark", "1")]
    [InlineData("Invalid argument: learnable-ip; did you mean learnable-ips?", "peer", A, "learnable-ip", "::/0")]
    [InlineData("Invalid argument: fwmark; its value is missing", "fwmark")]
    [InlineData("Invalid argument: peer; its value is missing", "peer")]
    [InlineData("Port is not 0-65535: `65536'", "listen-port", "65536")]
    [InlineData("Port is not 0-65535: `'", "listen-port", "")]
    [InlineData("Fwmark is neither 0/off nor 0-0xffffffff: `0x100000000'", "fwmark", "0x100000000")]
    [InlineData("Fwmark is neither 0/off nor 0-0xffffffff: `-1'", "fwmark", "-1")]
    [InlineData("Workers are not 0-7: `8'", "workers", "8")]
    [InlineData("Unable to parse where to serve metrics: `9586'; expected off, a socket's absolute path, or [address]:port", "metrics-listen", "9586")]
    [InlineData("State file is neither on nor off: `yes'", "state-file", "yes")]
    [InlineData("Persistent keepalive interval is neither 0/off nor 1-65535: `65536'", "peer", A, "persistent-keepalive", "65536")]
    [InlineData("Key is not the correct length or format: `abc'; expected 44 characters of base64, as wgnet pubkey prints them", "peer", "abc")]
    [InlineData("Unable to parse endpoint: `1.2.3.4': no port; expected one after it: 1.2.3.4:51820", "peer", A, "endpoint", "1.2.3.4")]
    [InlineData("Unable to parse endpoint: `2001:db8::1:5': an IPv6 address without brackets, whose port cannot be told; expected [2001:db8::1]:5", "peer", A, "endpoint", "2001:db8::1:5")]
    [InlineData("AllowedIP is not in the correct format: `10.0.0.0/33'; expected address/length, such as 10.0.0.0/8 or fd00::/64", "peer", A, "allowed-ips", "::/0,10.0.0.0/33")]
    [InlineData("AllowedIP is not in the correct format: `'; expected address/length, such as 10.0.0.0/8 or fd00::/64", "peer", A, "allowed-ips", "::/0,")]
    [InlineData("AllowedIP is not in the correct format: `+'; expected address/length, such as 10.0.0.0/8 or fd00::/64", "peer", A, "allowed-ips", "+")]
    [InlineData("LearnableIP is not in the correct format: `x'; expected address/length, such as 10.0.0.0/8 or fd00::/64", "peer", A, "learnable-ips", "x")]
    [InlineData("LearnableIP cannot be learned: `10.0.0.0/8' is IPv4, and only IPv6 addresses are learned", "peer", A, "learnable-ips", "10.0.0.0/8")]
    [InlineData("Learn limit is not 0-65536: `65537'", "peer", A, "learn-limit", "65537")]
    [InlineData("Learn timeout is not a time: `0'; expected seconds, or a number with s, m, h or d, such as 24h", "peer", A, "learn-timeout", "0")]
    [InlineData("/nowhere/key: cannot read the private key: No such file or directory", "private-key", "/nowhere/key")]
    [InlineData("private-key takes the file that holds the key, so that the key is not seen in the list of processes: it was given the key itself", "private-key", A)]
    [InlineData("/dev: cannot read the preshared key: Is a directory", "peer", A, "preshared-key", "/dev")]
    [InlineData("/proc/version: cannot read the private key: it holds something else than one key, which is 44 characters of base64", "private-key", "/proc/version")]
    public void Read_Wrong_SaysWhatAndWhatWouldBeRight(string message, params string[] arguments) =>
        Assert.Equal(message, Assert.Throws<CommandException>(() => Read(arguments)).Message);

    private static DeviceUpdate Read(params string[] arguments) => SetArguments.Read(arguments, warning => Assert.Fail(warning));
}
