using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>What strangers, peers and users may send that is wrong.</summary>
public sealed class BadInputTests
{
    private const int EIO = 5;
    private const int EINVAL = 22;
    private const int EPROTO = 71;

    [Theory]
    [InlineData(EINVAL, "private_key=12")]
    [InlineData(EINVAL, "private_key=zz")]
    [InlineData(EINVAL, "listen_port=65536")]
    [InlineData(EINVAL, "listen_port=-1")]
    [InlineData(EINVAL, "fwmark=x")]
    [InlineData(EINVAL, "replace_peers=false")]
    [InlineData(EINVAL, "no_such_key=1")]
    [InlineData(EINVAL, "allowed_ip=10.0.0.0/8")]
    [InlineData(EINVAL, "public_key=12")]
    [InlineData(EPROTO, "no equals sign")]
    public void Set_BadLine_IsRefusedWithErrnoAndChangesNothing(int errno, string line)
    {
        using var lab = new Lab();
        Tunnel tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WgNet);
        string before = UapiSocket.Exchange(tunnel.Name, "get=1\n\n");
        Assert.Equal(-errno, UapiSocket.Set(tunnel.Name, "fwmark=77", line));
        Assert.Equal(before, UapiSocket.Exchange(tunnel.Name, "get=1\n\n"));
        Wait.Until(
            () => tunnel.Daemon.Log.Contains("line 3", StringComparison.Ordinal),
            TimeSpan.FromSeconds(2),
            () => "no log of the line\n" + tunnel.Daemon.Log);
    }

    [Theory]
    [InlineData("endpoint=example.org:51820")]
    [InlineData("endpoint=10.0.0.1")]
    [InlineData("endpoint=[::1:5")]
    [InlineData("persistent_keepalive_interval=65536")]
    [InlineData("allowed_ip=10.0.0.0/33")]
    [InlineData("allowed_ip=::/129")]
    [InlineData("allowed_ip=hello")]
    [InlineData("protocol_version=2")]
    [InlineData("preshared_key=00")]
    [InlineData("learnable_ip=10.0.0.0/8")]
    [InlineData("learned_ip=2001:db8::1/128")]
    [InlineData("learn_limit=-1")]
    [InlineData("learn_timeout_sec=0")]
    public void Set_BadPeerLine_IsRefusedAndThePeerIsNotMade(string line)
    {
        using var lab = new Lab();
        Tunnel tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WgNet);
        Assert.Equal(-EINVAL, UapiSocket.Set(tunnel.Name, "public_key=" + KeyPair.Generate().PublicHex, "allowed_ip=10.0.0.0/8", line));
        Assert.DoesNotContain("public_key=", UapiSocket.Exchange(tunnel.Name, "get=1\n\n"), StringComparison.Ordinal);
    }

    /// <summary>Every line before the bad one would break the tunnel if it were applied.</summary>
    [Theory]
    [InlineData(EINVAL, "allowed_ip=10.0.0.0/33")]
    [InlineData(EPROTO, "no equals sign")]
    public async Task Set_LastLineBadOnARunningTunnel_AppliesNoneAndPingsGoOn(int errno, string line)
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv4);
        pair.PingBothWays();
        string before = pair.LeftHost.Run($"wg showconf {pair.Left.Name}");
        var lost = Task.Run(() => Ping.Lost(pair.RightHost, TunnelPair.LeftIPv4, 100), TestContext.Current.CancellationToken);

        for (int i = 0; i < 20; i++)
        {
            int answer = UapiSocket.Set(
                pair.Left.Name,
                "private_key=" + KeyPair.Hex(KeyPair.Generate().Private),
                "listen_port=51999",
                "fwmark=77",
                "replace_peers=true",
                "public_key=" + KeyPair.Generate().PublicHex,
                "allowed_ip=" + TunnelPair.RightIPv4 + "/32",
                line);
            Assert.Equal(-errno, answer);
        }

        Assert.Equal(before, pair.LeftHost.Run($"wg showconf {pair.Left.Name}"));
        Assert.Empty(await lost);
        pair.PingBothWays();
    }

    [Fact]
    public void Uapi_RandomBytes_NeverEndTheProcess()
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv4);
        pair.PingBothWays();
        var random = new Random(7);
        string[] starts = ["", "get=1\n", "set=1\n", "set=1\npublic_key=" + pair.Right.Keys.PublicHex + "\n", "nonsense\n\n"];
        for (int i = 0; i < 300; i++)
        {
            using Socket socket = UapiSocket.Connect(pair.Left.Name);
            byte[] noise = new byte[random.Next(1, 3000)];
            random.NextBytes(noise);
            try
            {
                socket.Send(Encoding.ASCII.GetBytes(starts[i % starts.Length]));
                socket.Send(noise);
                socket.Send("\n\n"u8);
            }
            catch (SocketException)
            {
                // It may hang up in the middle of nonsense.
            }
        }

        Assert.False(pair.Left.Daemon.HasExited, pair.Left.Daemon.Log);
        pair.PingBothWays();
        Assert.Contains(pair.Right.Keys.Public, pair.LeftHost.Run($"wg show {pair.Left.Name} peers"), StringComparison.Ordinal);
    }

    [Fact]
    public void Uapi_EndlessLine_IsRefused()
    {
        using var lab = new Lab();
        Tunnel tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WgNet);
        string answer = UapiSocket.Exchange(tunnel.Name, "set=1\nfwmark=" + new string('1', 100_000) + "\n\n");
        Assert.Contains($"errno=-{EIO}", answer, StringComparison.Ordinal);
        Assert.True(UapiSocket.Answers(tunnel.Name));
    }

    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public async Task ListenPort_FloodOfRandomDatagrams_TunnelGoesOn(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        pair.PingBothWays();
        long resident = ResidentKilobytes(pair.Left.Daemon.Pid);
        Task<bool> flood = pair.RightHost.Namespace.EnterAsync(() => Flood(IPAddress.Parse(pair.LeftHost.Address(outside)), 100_000));
        Assert.True(Ping.Lost(pair.RightHost, TunnelPair.LeftIPv4, 200).Count < 20);
        await flood.WaitAsync(TimeSpan.FromSeconds(60));

        pair.PingBothWays();
        TcpTransfer.Run(pair.LeftHost, pair.RightHost, TunnelPair.RightIPv6, 10 << 20);
        Assert.False(pair.Left.Daemon.HasExited, pair.Left.Daemon.Log);
        foreach (string reason in (string[])["malformed", "bad_mac1", "unknown_index"])
        {
            Assert.True(DeviceDrops(pair.Left, reason) > 1000, UapiSocket.Exchange(pair.Left.Name, "get=1\n\n"));
        }

        long grown = ResidentKilobytes(pair.Left.Daemon.Pid) - resident;
        Assert.True(grown < 20_000, $"memory grew by {grown} kB");
    }

    [Fact]
    public void Peer_SendsInsidePacketWhoseLengthLies_ItIsDroppedAndCounted()
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv4);
        pair.PingBothWays();
        for (int i = 0; i < 3; i++)
        {
            RawIPv6.SendEchoRequest(pair.RightHost, TunnelPair.RightIPv6, TunnelPair.LeftIPv6, claimedLength: 1000);
        }

        Wait.Until(
            () => pair.Left.PeerValues(pair.Right, "drop_malformed_inside").SingleOrDefault() == "3",
            TimeSpan.FromSeconds(2),
            () => UapiSocket.Exchange(pair.Left.Name, "get=1\n\n"));
        pair.PingBothWays();
    }

    // Random, but every second one begins like a message of a true type and size.
    private static bool Flood(IPAddress target, int count)
    {
        ReadOnlySpan<int> sizes = [148, 92, 64, 32, 1452];
        var random = new Random(9);
        using var socket = new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        var endpoint = new IPEndPoint(target, Tunnel.Port);
        byte[] datagram = new byte[2000];
        for (int i = 0; i < count; i++)
        {
            // A stream that fills no socket buffer by itself: what is lost then, the garbage was to blame for.
            if (i % 40 == 0)
            {
                Thread.Sleep(1);
            }

            random.NextBytes(datagram);
            int type = random.Next(1, 5);
            int size = random.Next(0, datagram.Length);
            if (i % 2 == 0)
            {
                size = sizes[type - 1];
                datagram[0] = (byte)type;
                datagram.AsSpan(1, 3).Clear();
            }

            socket.SendTo(datagram.AsSpan(0, size), endpoint);
        }

        return true;
    }

    // Drops that belong to no peer stand before the first one.
    private static long DeviceDrops(Tunnel tunnel, string reason) => UapiSocket.Get(tunnel.Name)
        .TakeWhile(line => line.Key != "public_key")
        .Where(line => line.Key == "drop_" + reason)
        .Sum(line => long.Parse(line.Value, CultureInfo.InvariantCulture));

    private static long ResidentKilobytes(int pid) => ProcessMemory.Of(pid).Resident / 1024;
}
