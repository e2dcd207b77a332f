using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>Configuration changes while packets flow.</summary>
public sealed class LoadTests
{
    [Theory]
    [MemberData(nameof(Matrix.PeersAndOutsides), MemberType = typeof(Matrix))]
    public void Peer_RemovedAndAddedUnderLoad_TrafficComesBackEachTime(Implementation peer, Outside outside)
    {
        using var pair = new TunnelPair(peer, outside);
        pair.PingBothWays();
        string endpoint = Tunnel.Endpoint(pair.RightHost.Address(outside));
        Daemon outbound = pair.LeftHost.Start("ping", "-q", "-f", "-s", "1300", TunnelPair.RightIPv4);
        Daemon inbound = pair.RightHost.Start("ping", "-q", "-f", "-s", "1300", TunnelPair.LeftIPv6);
        for (int i = 0; i < 10; i++)
        {
            Thread.Sleep(100);
            pair.Left.Set($"peer {pair.Right.Keys.Public} remove");
            Assert.Empty(pair.LeftHost.Run($"wg show {pair.Left.Name} peers"));
            Thread.Sleep(20);
            pair.Left.AddPeer(pair.Right, TunnelPair.RightAllowedIps, endpoint);
            Ping.Succeeds(pair.LeftHost, TunnelPair.RightIPv6);
        }

        Assert.False(outbound.HasExited || inbound.HasExited || pair.Left.Daemon.HasExited);
        TcpTransfer.Run(pair.LeftHost, pair.RightHost, TunnelPair.RightIPv4, 10 << 20);
    }

    [Fact]
    public void Interface_DownAndUpUnderLoad_TrafficComesBack()
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv4);
        pair.PingBothWays();
        pair.RightHost.Start("ping", "-q", "-f", TunnelPair.LeftIPv4);
        for (int i = 0; i < 5; i++)
        {
            pair.LeftHost.Run($"ip link set {pair.Left.Name} down");
            Ping.Fails(pair.RightHost, TunnelPair.LeftIPv4);
            pair.LeftHost.Run($"ip link set {pair.Left.Name} up");
            Ping.Succeeds(pair.LeftHost, TunnelPair.RightIPv4);
        }

        Assert.False(pair.Left.Daemon.HasExited);
    }

    [Fact]
    public async Task ControlSocket_ClientsThatNeverReadOrStopMidLine_DisturbNobody()
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv4);
        pair.PingBothWays();
        string[] prefixes = [.. Enumerable.Range(0, 100_000).Select(i => $"allowed_ip=fd77::{i >> 16:x}:{i & 0xffff:x}/128")];
        Assert.Equal(0, UapiSocket.Set(pair.Left.Name, ["public_key=" + KeyPair.Generate().PublicHex, .. prefixes]));

        List<Socket> idle = [];
        try
        {
            string[] requests = ["get=1\n\n", "get=1\n", "set=1\nfwmark=7", "set=1\npublic_key=" + pair.Right.Keys.PublicHex + "\nremove=tr", "g"];
            for (int i = 0; i < 100; i++)
            {
                idle.Add(UapiSocket.Connect(pair.Left.Name));
                idle[^1].Send(Encoding.ASCII.GetBytes(requests[i % requests.Length]));
            }

            var lost = Task.Run(() => Ping.Lost(pair.LeftHost, TunnelPair.RightIPv4, 200), TestContext.Current.CancellationToken);
            for (int i = 0; i < 10; i++)
            {
                long start = Stopwatch.GetTimestamp();
                Assert.Equal(0, UapiSocket.Set(pair.Left.Name, "fwmark=0"));
                Assert.Contains(pair.Right.Keys.Public, pair.LeftHost.Run($"wg show {pair.Left.Name} peers"), StringComparison.Ordinal);
                Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(3));
            }

            Assert.Empty(await lost);
        }
        finally
        {
            idle.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public void ControlSocket_ThirtyClientsAtOnce_EachIsAnswered()
    {
        using var pair = new TunnelPair(Implementation.WireGuardGo, Outside.IPv6);
        Parallel.For(0, 30, new ParallelOptions { MaxDegreeOfParallelism = 30 }, i =>
        {
            string key = KeyPair.Generate().PublicHex;
            Assert.Equal(0, UapiSocket.Set(pair.Left.Name, "public_key=" + key, $"allowed_ip=10.200.{i}.0/24"));
            Assert.Contains($"public_key={key}\n", UapiSocket.Exchange(pair.Left.Name, "get=1\n\n"), StringComparison.Ordinal);
        });
        Assert.Equal(31, UapiSocket.Get(pair.Left.Name).Count(line => line.Key == "public_key"));
        pair.PingBothWays();
    }
}
