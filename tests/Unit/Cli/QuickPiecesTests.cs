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
            new Resolver("wg0", quick, new Narrator(TextWriter.Null)).Text());
    }

    [Fact]
    public void CheckPort_Taken_SaysWhichAndWhy()
    {
        using Socket taken = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        taken.Bind(new IPEndPoint(IPAddress.Any, 0));
        ushort port = (ushort)((IPEndPoint)taken.LocalEndPoint!).Port;

        string message = Assert.Throws<CommandException>(() => QuickUp.CheckPort(port)).Message;

        Assert.StartsWith($"ListenPort = {port}: ", message, StringComparison.Ordinal);
        Assert.EndsWith("Address already in use", message, StringComparison.Ordinal);
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
            Assert.False(file.IsWorldAccessible, "the directory is closed");
            File.SetUnixFileMode(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead);
            Assert.True(file.IsWorldAccessible, "file and directory are open");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
