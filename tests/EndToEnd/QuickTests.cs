using System.Net;
using System.Net.Sockets;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>What <c>wgnet up</c> refuses, and that it then undoes what it began.</summary>
public sealed class QuickTests
{
    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    public void Up_ListenPortInUse_IsRefusedAndLeavesNothing(string address)
    {
        using var lab = new Lab();
        Host host = lab.AddHost("host");
        string name = host.NewInterfaceName();
        string file = Path.Combine(lab.Folder, name + ".conf");
        string hooks = Path.Combine(lab.Folder, "hooks");
        File.WriteAllText(
            file,
            $"""
            [Interface]
            PrivateKey = {KeyPair.Generate().Private}
            ListenPort = {Tunnel.Port}
            Address = {TunnelPair.LeftIPv4}/24, {TunnelPair.LeftIPv6}/64
            PostUp = echo up >> {hooks}

            [Peer]
            PublicKey = {KeyPair.Generate().Public}
            AllowedIPs = 0.0.0.0/0, ::/0
            """);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string before = Network(host);

        using (Bind(host, IPAddress.Parse(address)))
        {
            CommandResult up = host.TryRun([Programs.WgNet, "up", file]);
            Assert.Equal(1, up.ExitCode);
            Assert.Contains($"ListenPort = {Tunnel.Port}: ", up.Error, StringComparison.Ordinal);
        }

        Assert.Equal(before, Network(host));
        Assert.Empty(host.ProcessIds);
        Assert.False(File.Exists(UapiSocket.PathOf(name)));
        Assert.False(File.Exists(hooks));

        // With the port free again the same file works: nothing else was wrong, and nothing left is in the way.
        CommandResult again = host.TryRun([Programs.WgNet, "up", file]);
        Assert.True(again.Succeeded, again.ToString());
        CommandResult down = host.TryRun([Programs.WgNet, "down", file]);
        Assert.True(down.Succeeded, down.ToString());
    }

    private static Socket Bind(Host host, IPAddress address) => host.Namespace.Enter(() =>
    {
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            socket.DualMode = false;
        }

        socket.Bind(new IPEndPoint(address, Tunnel.Port));
        return socket;
    });

    private static string Network(Host host) =>
        host.Run("ip link") + host.Run("ip address") + host.Run("ip route show table all") + host.Run("ip -6 route show table all")
        + host.Run("ip rule") + host.Run("ip -6 rule") + host.Run("nft list ruleset");
}
