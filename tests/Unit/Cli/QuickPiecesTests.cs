using System.Net;
using System.Net.Sockets;
using WgNet.Cli;
using WgNet.Cli.Quick;
using WgNet.Uapi;
using Xunit;

namespace WgNet.Unit.Cli;

/// <summary>The parts of <c>up</c>, <c>down</c> and <c>strip</c> that need no interface.</summary>
public sealed class QuickPiecesTests
{
    [Fact]
    public void Strip_QuickKeys_GoAndTheRestStaysAsItStands() => Assert.Equal(
        """
        # gateway
        [Interface]
        PrivateKey = abc= # secret

        [Peer]
        Address = kept, because this is no [Interface]
        AllowedIPs = ::/0

        """,
        QuickStrip.Strip("""
        # gateway
        [Interface]
        PrivateKey = abc= # secret
        address=10.0.0.1/24
        MTU = 1400 # small
        Table = off
          PostUp = echo a=b
        SaveConfig = false

        [Peer]
        Address = kept, because this is no [Interface]
        AllowedIPs = ::/0

        """));

    [Fact]
    public void Strip_KeysInFiles_AreWrittenAsTheyAreEachInItsPlace()
    {
        string key = Convert.ToBase64String([1, .. new byte[31]]), psk = Convert.ToBase64String([2, .. new byte[31]]);
        string path = Path.GetTempFileName();
        File.WriteAllText(path, psk);
        string text = $"""
            [Interface]
            privatekeyfile = {path} # secret
            [Peer]
            PublicKey = {key}
            PresharedKey = {key}
            [Peer]
            PublicKey = {psk}
             PresharedKeyFile={path}

            """;
        string stripped = QuickStrip.Strip(text, ConfigurationFile.Parse(text, "wg0.conf", ConfigurationMode.Append));
        File.Delete(path);

        Assert.True(QuickStrip.HasKeyFiles(text) && !QuickStrip.HasKeyFiles(stripped));
        Assert.Equal($"[Interface]\nPrivateKey = {psk}\n[Peer]\nPublicKey = {key}\nPresharedKey = {key}\n[Peer]\nPublicKey = {psk}\nPresharedKey = {psk}\n", stripped);
    }

    [Fact]
    public void Undo_NotCommitted_RunsLatestFirstThroughFailures()
    {
        using StringWriter error = new();
        List<int> undone = [];
        using (UndoStack undo = new(new Narrator(error)))
        {
            undo.Push(() => undone.Add(1));
            undo.Push(() => throw new CommandException("no luck"));
            undo.Push(() => undone.Add(3));
        }

        Assert.Equal([3, 1], undone);
        Assert.Equal("[!] no luck\n", error.ToString());
    }

    [Fact]
    public void Undo_Committed_RunsNothing()
    {
        List<int> undone = [];
        using (UndoStack undo = new(new Narrator(TextWriter.Null)))
        {
            undo.Push(() => undone.Add(1));
            undo.Commit();
        }

        Assert.Empty(undone);
    }

    [Fact]
    public void ResolverText_ServersAndDomains_AreResolvConfs()
    {
        QuickSettings quick = new();
        quick.DnsServers.AddRange([IPAddress.Parse("10.0.0.1"), IPAddress.Parse("2001:db8::1")]);
        quick.DnsSearch.AddRange(["example.org", "example.net"]);

        Assert.Equal(
            "nameserver 10.0.0.1\nnameserver 2001:db8::1\nsearch example.org example.net\n",
            Resolver.Text(quick));
    }

    [Fact]
    public void CheckPort_Taken_SaysWhichAndWhy()
    {
        using Socket taken = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        taken.Bind(new IPEndPoint(IPAddress.Any, 0));
        ushort port = (ushort)((IPEndPoint)taken.LocalEndPoint!).Port;

        var configuration = ConfigurationFile.Parse($"[Interface]\n# busy\nListenPort = {port}\n", "wg0.conf", ConfigurationMode.Replace);

        string message = Assert.Throws<ConfigurationFileException>(() => QuickUp.CheckPort(configuration)).Message;

        Assert.StartsWith($"wg0.conf:3: ListenPort = {port}: ", message, StringComparison.Ordinal);
        Assert.Contains("Address already in use; expected a port that nothing else listens on", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nowhere/wg0.conf", "`/nowhere/wg0.conf' does not exist")]
    [InlineData("wgnetnone", "`/etc/wireguard/wgnetnone.conf' does not exist")]
    [InlineData("/etc/passwd", "The config file must be a valid interface name, followed by .conf")]
    public void Locate_WrongFile_SaysWhatWgQuickSays(string argument, string message) =>
        Assert.Equal(message, Assert.Throws<CommandException>(() => QuickFile.Locate(argument)).Message);

    [Fact]
    public void Locate_File_FollowsLinksAndNamesTheInterfaceByTheLink()
    {
        string directory = Directory.CreateTempSubdirectory("wgnet").FullName;
        try
        {
            string target = Path.Combine(directory, "real.conf");
            File.WriteAllText(target, "");
            File.SetUnixFileMode(target, UnixFileMode.UserRead | UnixFileMode.OtherRead);
            string link = Path.Combine(directory, "wg7.conf");
            _ = File.CreateSymbolicLink(link, target);

            var file = QuickFile.Locate(link);

            Assert.Equal(("wg7", target), (file.InterfaceName, file.Path));
            Assert.False(KeyAccess.IsWorldAccessible(file.Path), "the directory is closed");
            File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead);
            Assert.True(KeyAccess.IsWorldAccessible(file.Path), "file and directory are open");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void NftRules_Addresses_ReplaceTheTableAtOnce() => Assert.Equal(
        """
        add table ip6 wg-quick-wg0
        delete table ip6 wg-quick-wg0
        add table ip6 wg-quick-wg0
        add chain ip6 wg-quick-wg0 preraw { type filter hook prerouting priority -300; }
        add chain ip6 wg-quick-wg0 premangle { type filter hook prerouting priority -150; }
        add chain ip6 wg-quick-wg0 postmangle { type filter hook postrouting priority -150; }
        add rule ip6 wg-quick-wg0 postmangle meta l4proto udp mark 51820 ct mark set mark
        add rule ip6 wg-quick-wg0 premangle meta l4proto udp meta mark set ct mark
        add rule ip6 wg-quick-wg0 preraw iifname != "wg0" ip6 daddr fd00::1 fib saddr type != local drop

        """,
        new Firewall("wg0", new Narrator(TextWriter.Null)).NftRules(isIPv4: false, 51820, [IPAddress.Parse("fd00::1")]));

    [Fact]
    public void IptablesRemoval_WhatIptablesSaves_TakesAwayOnlyThisInterfacesRules()
    {
        Firewall firewall = new("wg0", new Narrator(TextWriter.Null));
        string others = "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j DROP -m comment --comment \"wg-quick(8) rule for wg01\"\nCOMMIT\n";
        string saved = others + firewall.IptablesRules(5, [IPAddress.Parse("10.0.0.1")]).Replace("-I ", "-A ", StringComparison.Ordinal);

        Assert.Empty(firewall.IptablesRemoval(others));
        Assert.Equal(
            """
            *raw
            COMMIT
            *raw
            -D PREROUTING ! -i wg0 -d 10.0.0.1 -m addrtype ! --src-type LOCAL -j DROP -m comment --comment "wg-quick(8) rule for wg0"
            COMMIT
            *mangle
            -D POSTROUTING -m mark --mark 5 -p udp -j CONNMARK --save-mark -m comment --comment "wg-quick(8) rule for wg0"
            -D PREROUTING -p udp -j CONNMARK --restore-mark -m comment --comment "wg-quick(8) rule for wg0"
            COMMIT

            """,
            firewall.IptablesRemoval(saved));
    }

    [Fact]
    public void Applied_ConfigurationWithSecrets_TellsThatTheyWereGivenAndNoMore()
    {
        string key = Convert.ToBase64String(new byte[] { 1 }.Concat(new byte[31]).ToArray());
        var configuration = ConfigurationFile.Parse(
            $"[Interface]\nPrivateKey = {key}\nAddress = 10.0.0.1/24 # inside\n[Peer]\nPublicKey = {key}\npresharedkey = {key}\n[Peer]\nPublicKey = {SampleDevices.Key(2)}\n",
            "wg0.conf",
            ConfigurationMode.Append);

        Assert.Equal(
            $"# interface 7\n[Interface]\nAddress = 10.0.0.1/24\n[Peer]\nPresharedKeyFile = /dev/null\nPublicKey = {key}\n[Peer]\nPublicKey = {SampleDevices.Key(2)}\n",
            AppliedFile.Text(7, configuration));
    }
}
