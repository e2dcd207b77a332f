using System.Collections;
using System.Globalization;
using System.Net.Sockets;
using WgNet.EndToEnd.Harness;
using WgNet.Linux;

namespace WgNet.EndToEnd;

/// <summary><c>wgnet &lt;interface&gt;</c> begins and ends as wireguard-go does.</summary>
public sealed class ProcessTests
{
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5);

    [Fact]
    public void Interface_Deleted_ProcessEndsAndRemovesItsSocket()
    {
        using var lab = new Lab();
        Tunnel tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WgNet);
        tunnel.Host.Run($"ip link del {tunnel.Name}");
        AssertEnded(tunnel);
    }

    [Fact]
    public void Socket_Removed_ProcessEndsAndRemovesItsInterface()
    {
        using var lab = new Lab();
        Tunnel tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WgNet);
        File.Delete(UapiSocket.PathOf(tunnel.Name));
        AssertEnded(tunnel);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public void Signal_EndsCleanly(string signal)
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv4);
        pair.PingBothWays();
        pair.Left.Daemon.Signal(signal);
        AssertEnded(pair.Left);
    }

    [Fact]
    public void Start_WithoutForeground_ReturnsWhenTheSocketAnswers()
    {
        using var lab = new Lab();
        Host host = lab.AddHost("host");
        string name = host.NewInterfaceName();
        CommandResult start = host.TryRun([Programs.Of(Implementation.WgNet), name]);
        Assert.True(start.Succeeded, start.ToString());
        Assert.True(UapiSocket.Answers(name));
        Assert.Equal("600", Command.Run("stat", "-c", "%a", UapiSocket.PathOf(name)).Trim());
        string pid = Assert.Single(host.ProcessIds);
        Assert.Equal("/", new DirectoryInfo($"/proc/{pid}/cwd").LinkTarget);
        Assert.Equal("wgnet", File.ReadAllText($"/proc/{pid}/comm").Trim());

        host.Run($"ip link del {name}");
        Wait.Until(() => host.ProcessIds.Count == 0, EndTimeout, "the daemon did not end");
    }

    [Fact]
    public void Start_ForegroundVariable_StaysInTheForeground()
    {
        using var lab = new Lab();
        Host host = lab.AddHost("host");
        string name = host.NewInterfaceName();
        Daemon daemon = host.Start("env", "WG_PROCESS_FOREGROUND=1", Programs.Of(Implementation.WgNet), name);
        Wait.Until(() => UapiSocket.Answers(name), EndTimeout, () => daemon.Log);
        Assert.Equal(daemon.Pid.ToString(CultureInfo.InvariantCulture), Assert.Single(host.ProcessIds));
    }

    [Theory]
    [InlineData("silent", false)]
    [InlineData("verbose", true)]
    public void LogLevel_DecidesWhatIsPrinted(string level, bool prints)
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv4, TunnelPair.DefaultMtu, "LOG_LEVEL=" + level);
        pair.PingBothWays();
        UapiSocket.Set(pair.Left.Name, "nonsense=1");
        Assert.Equal(prints, pair.Left.Daemon.Log.Length > 0);
        Assert.Equal(prints, pair.Left.Daemon.Log.Contains("socket buffers of 7340032 bytes asked for, got 7340032 to receive", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(Implementation.WgNet, "wgnet")]
    [InlineData(Implementation.WireGuardGo, "wireguard-go")]
    public void Start_NameInUse_SaysByWhomInOneLineAndHarmsNobody(Implementation first, string process)
    {
        using var lab = new Lab();
        Tunnel tunnel = Tunnel.Start(lab.AddHost("host"), first);
        CommandResult second = tunnel.Host.TryRun([Programs.WgNet, tunnel.Name]);
        Assert.Equal(
            $"wgnet: {tunnel.Name}: {process} (process {tunnel.Daemon.Pid}) holds this interface already; end that one first, with "
            + $"`wgnet down {tunnel.Name}' or `ip link delete {tunnel.Name}', or choose another name\n",
            second.Error + second.Output);
        Assert.Equal(1, second.ExitCode);
        Assert.True(UapiSocket.Answers(tunnel.Name));
    }

    [Theory]
    [InlineData("link add {0} type veth peer name other", "an interface of kind veth")]
    [InlineData("tuntap add dev {0} mode tap", "an interface that is no plain TUN: a TAP, or a TUN with several queues")]
    public void Start_NameOfAnotherInterface_SaysWhatTakesIt(string command, string what)
    {
        using var lab = new Lab();
        Host host = lab.AddHost("host");
        string name = host.NewInterfaceName();
        host.Run("ip " + string.Format(CultureInfo.InvariantCulture, command, name));
        CommandResult start = host.TryRun([Programs.WgNet, name]);
        Assert.Equal(
            $"wgnet: {name}: the name is taken by {what}; choose another name, or remove that one with `ip link delete {name}'\n",
            start.Error + start.Output);
        Assert.Equal(1, start.ExitCode);
        Assert.False(File.Exists(UapiSocket.PathOf(name)));
    }

    [Theory]
    [InlineData("a-name-longer-than-fifteen")]
    [InlineData("with/slash")]
    [InlineData("..")]
    public void Start_BadName_FailsAndNamesIt(string name)
    {
        using var lab = new Lab();
        CommandResult start = lab.AddHost("host").TryRun([Programs.WgNet, "-f", name], timeout: EndTimeout);
        Assert.False(start.Succeeded);
        Assert.Contains(name, start.Error.Split('\n')[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Start_StaleSocketOfADeadProcess_IsReplaced()
    {
        using var lab = new Lab();
        Tunnel tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WgNet);
        tunnel.Daemon.Signal("KILL");
        Assert.True(tunnel.Daemon.WaitForExit(EndTimeout));
        Assert.True(File.Exists(UapiSocket.PathOf(tunnel.Name)));

        CommandResult again = tunnel.Host.TryRun([Programs.Of(Implementation.WgNet), tunnel.Name]);
        Assert.True(again.Succeeded, again.ToString());
        Assert.True(UapiSocket.Answers(tunnel.Name));
    }

    [Fact]
    public void Start_WithoutLibsodium_SaysWhatToInstall()
    {
        using var lab = new Lab();
        Host host = lab.AddHost("host");
        string library = Command.Run("sh", "-c", "readlink -f $(ldconfig -p | awk '/libsodium.so.23/ { print $NF; exit }')").Trim();
        CommandResult start = host.TryRun(
            ["unshare", "--mount", "sh", "-c", $"mount --bind /dev/null {library} && exec {Programs.WgNet} -f {host.NewInterfaceName()}"],
            timeout: EndTimeout);
        Assert.Equal(1, start.ExitCode);
        Assert.Contains("libsodium23", start.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(" at ", start.Error, StringComparison.Ordinal);
    }

    /// <summary>A supervisor may open both descriptors and hand them over.</summary>
    [Fact]
    public void Start_TunAndSocketHandedOver_UsesThem()
    {
        using var lab = new Lab();
        Host host = lab.AddHost("host");
        string name = host.NewInterfaceName();
        string path = UapiSocket.PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        int tun = host.Namespace.Enter(() =>
        {
            int fd = TunFile.Open();
            Assert.Equal(0, TunFile.TrySetInterface(fd, name, TunFile.IFF_TUN | TunFile.IFF_NO_PI | TunFile.IFF_VNET_HDR));
            return fd;
        });
        int pid = host.Namespace.Enter(() => Spawn.Start(
            "/usr/bin/env",
            ["env", "WG_TUN_FD=3", "WG_UAPI_FD=4", "WG_PROCESS_FOREGROUND=1", Programs.Of(Implementation.WgNet), name],
            Variables(),
            [Spawn.DevNull, Spawn.DevNull, Spawn.DevNull, tun, (int)listener.Handle]));
        FileDescriptor.Close(tun);

        Wait.Until(() => UapiSocket.Answers(name), EndTimeout, "the socket handed over does not answer");
        Assert.Equal("(none)", host.Run($"wg show {name} public-key").Trim());
        Command.Run("kill", pid.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(0, Spawn.Wait(pid));
        Assert.False(host.TryRun($"ip link show {name}").Succeeded);
    }

    private static IEnumerable<string> Variables() => Environment.GetEnvironmentVariables()
        .Cast<DictionaryEntry>()
        .Select(variable => $"{variable.Key}={variable.Value}");

    private static void AssertEnded(Tunnel tunnel)
    {
        Assert.True(tunnel.Daemon.WaitForExit(EndTimeout), "did not end");
        Assert.Equal(0, tunnel.Daemon.ExitCode);
        Assert.False(File.Exists(UapiSocket.PathOf(tunnel.Name)));
        Assert.False(tunnel.Host.TryRun($"ip link show {tunnel.Name}").Succeeded);
    }
}
