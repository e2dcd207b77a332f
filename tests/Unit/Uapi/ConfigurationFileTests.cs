using System.Buffers;
using WgNet.Device;
using WgNet.Uapi;
using Xunit;

namespace WgNet.Unit.Uapi;

public sealed class ConfigurationFileTests
{
    internal const string Key = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=";
    internal const string Peer = "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=";

    internal const string Whole = $"""
        # a gateway
        [interface]
        Private Key = {Key} # mine
        LISTENPORT=51820
        FwMark = 0x2A
        Address = 10.0.0.1/24, fd00::1/64
        Address = 10.1.0.1
        DNS = 10.0.0.53, example.org
        MTU = 1400
        Table = 1234
        PreUp = echo one; echo = two
        PostUp = ip route add x dev %i
        PreDown = a
        PostDown = b
        SaveConfig = true
        Workers = 3
        MetricsListen = [::1]:9586
        StateFile = Off
        LearnLimit = 8
        LearnableIPs = 2001:db8::/64

        [ Peer ]
        PublicKey = {Peer}
        PresharedKey = {Key}
        AllowedIPs = 10.2.0.0/16 ,fd01::/16
        AllowedIPs = 192.0.2.1
        Endpoint = gateway.example:51820
        PersistentKeepalive = 25
        LearnTimeout = 2h

        [Peer]
        PublicKey={Key}
        AllowedIPs =
        Endpoint = [2001:db8::9]:7
        PersistentKeepalive = off
        LearnableIPs = 2001:db8:1::/64, 2001:db8:2::/64
        LearnLimit = 0
        """;

    [Fact]
    public void Parse_WholeFile_ReadsInterface()
    {
        ConfigurationFile file = Parse(Whole);
        Assert.Equal(Convert.FromBase64String(Key), file.Update.PrivateKey);
        Assert.Equal((ushort?)51820, file.Update.ListenPort);
        Assert.Equal(42u, file.Update.FirewallMark);
        Assert.Equal(3, file.Update.Workers);
        Assert.Equal("[::1]:9586", file.Update.MetricsListen?.ToString());
        Assert.False(file.Update.StateFile);
        Assert.True(file.Update.ReplacePeers);
        QuickSettings quick = file.Quick;
        Assert.Equal("10.0.0.1/24 fd00::1/64 10.1.0.1/32", string.Join(' ', quick.Addresses));
        Assert.Equal("10.0.0.53", string.Join(' ', quick.DnsServers));
        Assert.Equal("example.org", string.Join(' ', quick.DnsSearch));
        Assert.Equal((1400, "1234", true), (quick.Mtu, quick.Table, quick.SaveConfig));
        Assert.Equal("echo one; echo = two", Assert.Single(quick.PreUp));
        Assert.Equal("ip route add x dev %i", Assert.Single(quick.PostUp));
        Assert.Equal("a", Assert.Single(quick.PreDown));
        Assert.Equal("b", Assert.Single(quick.PostDown));
    }

    [Fact]
    public void Parse_WholeFile_ReadsPeersWithDefaults()
    {
        DeviceUpdate update = Parse(Whole).Update;
        Assert.Equal(2, update.Peers.Count);
        PeerUpdate first = update.Peers[0], second = update.Peers[1];
        Assert.Equal(Peer, first.PublicKey.ToString());
        Assert.Equal(Convert.FromBase64String(Key), first.PresharedKey);
        Assert.Equal("10.2.0.0/16 fd01::/16 192.0.2.1/32", string.Join(' ', first.AllowedIps.Select(p => p.Prefix)));
        Assert.True(first.ReplaceAllowedIps && first.ReplaceLearnableIps);
        Assert.Null(first.Endpoint);
        Assert.Equal("gateway.example:51820", first.EndpointHost);
        Assert.Equal((ushort?)25, first.PersistentKeepalive);
        Assert.Equal("2001:db8::/64", Assert.Single(first.LearnableIps).Prefix.ToString());
        Assert.Equal(8, first.LearnLimit);
        Assert.Equal(7200, first.LearnTimeoutSeconds);
        Assert.Empty(second.AllowedIps);
        Assert.Equal("[2001:db8::9]:7", second.Endpoint!.ToString());
        Assert.Equal((ushort?)0, second.PersistentKeepalive);
        Assert.Equal("2001:db8:1::/64 2001:db8:2::/64", string.Join(' ', second.LearnableIps.Select(p => p.Prefix)));
        Assert.Equal(0, second.LearnLimit);
        Assert.Null(second.LearnTimeoutSeconds);
    }

    [Fact]
    public void Parse_EmptyFileInReplaceMode_RemovesKeyPortAndMark()
    {
        DeviceUpdate update = Parse("").Update;
        Assert.True(update.ReplacePeers);
        Assert.Equal(new byte[32], update.PrivateKey);
        Assert.Equal((ushort?)0, update.ListenPort);
        Assert.Equal(0u, update.FirewallMark);
        Assert.Equal(WorkerCount.Automatic, update.Workers);
        Assert.Equal(MetricsAddress.Off, update.MetricsListen);
        Assert.True(update.StateFile);
    }

    [Fact]
    public void Parse_EmptyFileInAppendMode_ChangesNothing()
    {
        DeviceUpdate update = ConfigurationFile.Parse("", "x.conf", ConfigurationMode.Append).Update;
        Assert.False(update.ReplacePeers);
        Assert.Null(update.PrivateKey);
        Assert.Null(update.ListenPort);
        Assert.Null(update.FirewallMark);
        Assert.Null(update.Workers);
        Assert.Null(update.MetricsListen);
        Assert.Null(update.StateFile);
    }

    [Fact]
    public void Parse_SignedAllowedIps_AreIncremental()
    {
        PeerUpdate peer = Assert.Single(Parse($"[Peer]\nPublicKey={Peer}\nAllowedIPs=+10.0.0.0/8,-fd00::/8\n").Update.Peers);
        Assert.False(peer.ReplaceAllowedIps);
        Assert.Equal([false, true], peer.AllowedIps.Select(p => p.Remove));
    }

    [Theory]
    [InlineData("ListenPort = 1", "x.conf:1: ListenPort = (hidden): a setting before the first section; expected [Interface] or [Peer] above it")]
    [InlineData("[Interface]\nListenPort = 65536", "x.conf:2: ListenPort = 65536: not a number in range; expected 0 to 65535")]
    [InlineData("[Interface]\nWorkers = 8", "x.conf:2: Workers = 8: not a number in range; expected 0 to 7")]
    [InlineData("[Interface]\nWorkers = -1", "x.conf:2: Workers = -1: not a number in range; expected 0 to 7")]
    [InlineData("[Interface]\nStateFile = no", "x.conf:2: StateFile = no: neither on nor off; expected on or off")]
    [InlineData("[Interface]\nWorkers = two", "x.conf:2: Workers = two: not a number in range; expected 0 to 7")]
    [InlineData("[Interface]\nMetricsListen = run/m", "x.conf:2: MetricsListen = run/m: not a place to listen at; expected off, a socket's absolute path such as /run/wgnet/wg0.metrics, or address:port such as [::1]:9586")]
    [InlineData("[Interface]\nFwMark = 0x", "x.conf:2: FwMark = 0x: not a mark; expected a decimal or 0x hexadecimal number of 32 bits, or off")]
    [InlineData("[Interface]\nAlowedIPs = 10.0.0.0/8", "x.conf:2: AlowedIPs = (hidden): unknown key in [Interface]; expected AllowedIPs under [Peer]")]
    [InlineData("[Interface]\nEndpoint = a:1", "x.conf:2: Endpoint = (hidden): unknown key in [Interface]; expected Endpoint under [Peer]")]
    [InlineData("[Peer]\nAlowedIPs = 10.0.0.0/8", "x.conf:2: AlowedIPs = (hidden): unknown key in [Peer]; expected AllowedIPs")]
    [InlineData("[Peer]\nAllowedIPs = 10.0.0.0/33", "x.conf:2: AllowedIPs = 10.0.0.0/33: `10.0.0.0/33' is not a prefix; expected inside prefixes, address/length, apart by commas, such as 10.0.0.0/8, fd00::/64")]
    [InlineData("[Peer]\nLearnableIPs = 10.0.0.0/8", "x.conf:2: LearnableIPs = 10.0.0.0/8: `10.0.0.0/8' is IPv4, and only IPv6 addresses are learned; expected inside prefixes of IPv6 addresses that a peer may claim, such as 2001:db8:1:2::/64")]
    [InlineData("[Peer]\nLearnTimeout = 1w", "x.conf:2: LearnTimeout = 1w: not a time; expected seconds, or a number with s, m, h or d, such as 24h")]
    [InlineData("[Peer]\nEndpoint = host", "x.conf:2: Endpoint = host: no port; expected one after it: host:51820")]
    [InlineData("[Peer]\nAllowedIPs = ::/0\n[Interface]", "x.conf:1: this [Peer] has no PublicKey; expected PublicKey = …")]
    [InlineData("[Pear]", "x.conf:1: unknown section; expected [Interface] or [Peer]")]
    [InlineData("[Interface]\nnonsense", "x.conf:2: not a setting; expected Key = value")]
    [InlineData("[Interface]\nPrivateKeyFile = /nonexistent/key", "x.conf:2: PrivateKeyFile = /nonexistent/key: cannot read the private key from /nonexistent/key: No such file or directory; expected the path of a file that holds one key, as wg genkey prints it")]
    public void Parse_BadFile_SaysWhereAndWhatWouldBeRight(string text, string message) =>
        Assert.Equal(message, Assert.Throws<ConfigurationFileException>(() => Parse(text)).Message);

    [Theory]
    [InlineData("[Interface]\nListenPort = 1\nlistenport = 2", "Warning: x.conf:3: listenport stands in line 2 too; only this one counts")]
    [InlineData("[Interface]\nPrivateKeyFile = /dev/null\nPrivateKeyFile = /dev/null", "Warning: x.conf:3: PrivateKeyFile stands in line 2 too; only this one counts")]
    [InlineData("[Peer]\nPublicKey = " + Peer + "\n[Peer]\n\n[Peer]\nPublicKey = " + Peer, null)] // the one between has no key
    [InlineData("[Peer]\nPublicKey = " + Peer + "\n[Peer]\nPublicKey = " + Peer, "Warning: x.conf:3: this [Peer] is the one of line 1 again; what it says takes the place of what was said there")]
    [InlineData("[Interface]\nAddress = fd00::1\nAddress = fd00::2\nPostUp = a\nPostUp = b\n[Interface]\nMTU = 1400\n[Interface]\nMTU = 1300", "")]
    public void Parse_SaidTwice_TakesTheLaterAndWarns(string text, string? warning)
    {
        if (warning is null)
        {
            Assert.Throws<ConfigurationFileException>(() => Parse(text));
            return;
        }

        Assert.Equal(warning.Length == 0 ? [] : [warning], Parse(text).Warnings);
    }

    [Theory]
    [InlineData("a.example:5", true)]
    [InlineData("a.example:0", false)]
    [InlineData("10.0.0.0/8", false, "an inside prefix, which belongs to AllowedIPs", null)]
    [InlineData("[fd00::]/64", false, "an inside prefix, which belongs to AllowedIPs", null)]
    [InlineData("2001:db8::1", false, "an IPv6 address without brackets, whose port cannot be told", "[2001:db8::1]:51820")]
    [InlineData("2001:db8::1:51820", false, "an IPv6 address without brackets, whose port cannot be told", "[2001:db8::1]:51820")]
    [InlineData("2001:db8::ff", false, "an IPv6 address without brackets, whose port cannot be told", "[2001:db8::ff]:51820")]
    [InlineData("::1", false, "an IPv6 address without brackets, whose port cannot be told", "[::1]:51820")]
    [InlineData("[2001:db8::1", false, "not an endpoint", null)]
    [InlineData("[2001:db8::1]", false, "no port", "one after it: [2001:db8::1]:51820")]
    [InlineData("two words", false, "no port", null)]
    [InlineData("host:http", false, "`http' is no port", "host:port, a port from 1 to 65535")]
    [InlineData("two words:5", false, "not an endpoint", null)]
    [InlineData(":5", false, "not an endpoint", null)]
    [InlineData("", false, "no port", null)]
    public void Explain_NoEndpoint_SaysWhatIsWrongAndWhatWouldBeRight(string text, bool ok, string? reason = null, string? expected = null)
    {
        Assert.Equal(ok, EndpointName.IsEndpoint(text));
        if (reason is not null)
        {
            (string said, string wanted) = EndpointName.Explain(text);
            Assert.Equal(reason, said);
            Assert.Equal(expected ?? wanted, wanted);
        }
    }

    [Theory]
    [InlineData("[Interface]\nPrivateKey = SECRETsecretSECRET")]
    [InlineData("[Interface]\nPrivatKey = SECRETsecretSECRET")]
    [InlineData("[Peer]\nPresharedKey = SECRETsecretSECRET")]
    [InlineData("[Peer]\nSECRETsecretSECRET")]
    [InlineData("PrivateKey = SECRETsecretSECRET")]
    [InlineData("PrivateKeySECRETsecretSECRETsecretSECRETsecretSECRETsec=")]
    [InlineData("[Interface]\nPrivateKey SECRETsecretSECRETsecretSECRETsecretSECRETsec=")]
    [InlineData("[Peer]\nSECRETsecret+SECRET/sec=")]
    [InlineData("[Interface]\nPrivateKeyFile = SECRETsecretSECRETsecretSECRETsecretSECRETs=")]
    public void Parse_BadSecret_IsNotShown(string text)
    {
        string message = Assert.Throws<ConfigurationFileException>(() => Parse(text)).Message;
        Assert.DoesNotContain("SECRET", message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Load_KeyFiles_AreReadBesideTheFile()
    {
        string directory = Directory.CreateTempSubdirectory("wgnet").FullName;
        File.WriteAllText(Path.Combine(directory, "key"), Key + "\n");
        string file = Path.Combine(directory, "wg0.conf");
        File.WriteAllText(file, $"[Interface]\r\nPrivateKeyFile = key\r\n[Peer]\r\nPublicKey = {Peer}\r\nPresharedKeyFile = {directory}/key\r\n");
        DeviceUpdate update = ConfigurationFile.Load(file, ConfigurationMode.Replace).Update;
        Directory.Delete(directory, recursive: true);
        Assert.Equal(Convert.FromBase64String(Key), update.PrivateKey);
        Assert.Equal(Convert.FromBase64String(Key), update.Peers[0].PresharedKey);
    }

    [Fact]
    public void Load_KeyFilesNamedByInterface_KeepsWhereTheyAre()
    {
        string directory = Directory.CreateTempSubdirectory("wgnet").FullName;
        Directory.CreateDirectory(Path.Combine(directory, "schlüssel"));
        File.WriteAllText(Path.Combine(directory, "schlüssel", "wg7.key"), Key + "\n");
        string file = Path.Combine(directory, "any.conf");
        File.WriteAllText(file, $"[Interface]\nPrivateKeyFile = ./schlüssel/../schlüssel/%i.key\n[Peer]\nPublicKey = {Peer}\nPresharedKey = {Key}\n");
        ConfigurationFile read = ConfigurationFile.Load(file, ConfigurationMode.Replace, "wg7");
        Directory.Delete(directory, recursive: true);
        Assert.Equal(Convert.FromBase64String(Key), read.Update.PrivateKey);
        Assert.Equal(($"{directory}/schlüssel/wg7.key", ""), (read.Update.PrivateKeyFile, read.Update.Peers[0].PresharedKeyFile));

        UapiSetParser sent = UapiSetParser.Parse(System.Text.Encoding.UTF8.GetBytes(Write(read.Update)["set=1\n".Length..]));
        Assert.Null(sent.Error);
        Assert.Equal((read.Update.PrivateKeyFile, ""), (sent.Update.PrivateKeyFile, sent.Update.Peers[0].PresharedKeyFile));
    }

    [Theory]
    [InlineData(0x1A4, true)] // 0644
    [InlineData(0x1A0, false)] // 0640
    public void Load_KeyFileThatOthersCanRead_WarnsAsOfTheFileItself(int mode, bool warns)
    {
        string directory = Directory.CreateTempSubdirectory("wgnet").FullName;
        File.SetUnixFileMode(directory, (UnixFileMode)0x1ED);
        string key = Path.Combine(directory, "key"), link = Path.Combine(directory, "link");
        File.WriteAllText(key, Key);
        File.CreateSymbolicLink(link, key);
        File.SetUnixFileMode(key, (UnixFileMode)mode);
        ConfigurationFile read = ConfigurationFile.Parse($"[Interface]\nPrivateKeyFile = {link}\n", "x.conf", ConfigurationMode.Replace);
        Directory.Delete(directory, recursive: true);
        Assert.Equal(warns ? [$"Warning: `{link}' is world accessible"] : [], read.Warnings);
    }

    [Theory]
    [InlineData("/dev/null")]
    [InlineData("/proc/self/environ/../../../dev/null")]
    public void Parse_KeyFileWithoutAKey_IsNotKept(string path)
    {
        DeviceUpdate update = Parse($"[Interface]\nPrivateKeyFile = {path}\n").Update;
        Assert.Equal("", update.PrivateKeyFile);
        Assert.Equal(new byte[32], update.PrivateKey);
    }

    [Fact]
    public void Load_MissingFile_NamesIt() => Assert.StartsWith("/nonexistent.conf: ",
        Assert.Throws<ConfigurationFileException>(() => ConfigurationFile.Load("/nonexistent.conf", ConfigurationMode.Replace)).Message, StringComparison.Ordinal);

    [Fact]
    public void Parse_WholeFile_SurvivesTheWayThroughTheUapi()
    {
        DeviceUpdate update = Parse(Whole).Update;
        string sent = Write(update);
        UapiSetParser parsed = UapiSetParser.Parse(System.Text.Encoding.ASCII.GetBytes(sent["set=1\n".Length..]));
        Assert.Null(parsed.Error);
        Assert.Equal(sent, Write(parsed.Update));
        Assert.Equal(update.Peers[0].EndpointHost, parsed.Update.Peers[0].EndpointHost);
    }

    [Theory]
    [InlineData("192.0.2.1:5", "192.0.2.1:5")]
    [InlineData("[2001:db8::1]:5", "[2001:db8::1]:5")]
    public void Resolve_Address_NeedsNoLookup(string text, string endpoint) => Assert.Equal(endpoint, EndpointResolver.Resolve(text).ToString());

    [Theory]
    [InlineData("nonsense")]
    [InlineData("a b:1")]
    [InlineData("host.invalid:99999")]
    public void Resolve_Malformed_NamesTheEndpoint(string text) =>
        Assert.Contains($"`{text}'", Assert.Throws<ConfigurationException>(() => EndpointResolver.Resolve(text)).Message, StringComparison.Ordinal);

    internal static string Write(DeviceUpdate update)
    {
        var text = new ArrayBufferWriter<byte>();
        UapiSetWriter.Write(update, text);
        return System.Text.Encoding.UTF8.GetString(text.WrittenSpan);
    }

    private static ConfigurationFile Parse(string text) => ConfigurationFile.Parse(text, "x.conf", ConfigurationMode.Replace);
}
