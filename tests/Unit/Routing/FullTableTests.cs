using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using WgNet.Device;
using WgNet.Micro;
using WgNet.Routing;
using WgNet.Uapi;
using WgNet.Unit.Device;
using WgNet.Unit.Mutation;
using WgNet.Unit.Uapi;
using Xunit;

namespace WgNet.Unit.Routing;

/// <summary>A million prefixes. Alone, since memory and processor time are the process's.</summary>
[Collection(nameof(Alone))]
public sealed class FullTableTests
{
    private const int Peers = 1_000;

    private static readonly List<IpPrefix> Prefixes = FullTable.Create();

    private readonly string[] _peers = [.. Enumerable.Range(0, Peers).Select(i => $"peer {i}")];

    [Fact]
    public void Insert_FullTable_TakesLessThanAHundredBytesAPrefix()
    {
        // The list is there before memory is looked at: it is made when it is first asked for.
        double prefixes = Prefixes.Count;
        long before = GC.GetTotalMemory(forceFullCollection: true);
        AllowedIps<string> table = Filled();
        double bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / prefixes;
        GC.KeepAlive(table);
        Assert.InRange(bytes, 20, 95);
    }

    [Fact]
    public void Lookup_FullTable_AgreesWithATableForEachLength()
    {
        AllowedIps<string> table = Filled();
        var model = Prefixes.Select((prefix, i) => (prefix, i)).ToDictionary(pair => pair.prefix, pair => _peers[pair.i % Peers]);
        var random = new Random(7);
        for (int i = 0; i < 20_000; i++)
        {
            IpPrefix near = Prefixes[random.Next(Prefixes.Count)];
            UInt128 address = near.Address | (uint)random.Next(256) | (near.IsIPv4 ? 0 : (UInt128)(ulong)random.NextInt64());
            address ^= i % 2 == 0 ? 0 : UInt128.One << random.Next(near.IsIPv4 ? 32 : 128);
            int length = near.IsIPv4 ? 32 : 128;
            string? owner;
            while (!model.TryGetValue(new IpPrefix(address, length, near.IsIPv4), out owner) && --length >= 0)
            {
            }

            int found = length;
            Assert.Equal(owner, near.IsIPv4 ? table.LookupIPv4((uint)address) : table.LookupIPv6(address, out found));
            Assert.Equal(length, found);
        }

        Array.ForEach(_peers, table.RemovePeer);
        Assert.All(Prefixes.Take(1000), prefix => Assert.Null(prefix.IsIPv4 ? table.LookupIPv4((uint)prefix.Address) : table.LookupIPv6(prefix.Address)));
    }

    // Both ends of the socket are in this process: what they use together bounds the time on a machine that does nothing else,
    // and a busy one does not fail the test.
    [Fact]
    public void Set_FullTableThroughTheControlSocket_TakesLessThanTwoSecondsOfProcessorTime()
    {
        const int BigPeers = 10;
        var text = new StringBuilder("set=1\n");
        for (int i = 0; i < Prefixes.Count; i++)
        {
            if (i % (Prefixes.Count / BigPeers) == 0)
            {
                _ = text.Append("public_key=").Append((char)('0' + (i / (Prefixes.Count / BigPeers))), 64).Append('\n');
            }

            _ = text.Append("allowed_ip=").Append(Prefixes[i]).Append('\n');
        }

        byte[] request = Encoding.ASCII.GetBytes(text.Append('\n').ToString());
        using var end = new TunnelPair.End();
        const string Name = "wgtfull";
        using var server = new UapiServer(UapiListener.Open(Name), UapiListener.SocketPath(Name), end.Device, Log.None);
        server.Start();
        double fastest = double.MaxValue;
        for (int round = 0; round < 3; round++)
        {
            end.Device.Apply(new DeviceUpdate { ReplacePeers = true });
            GC.Collect();
            using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            client.Connect(new UnixDomainSocketEndPoint(UapiListener.SocketPath(Name)));
            TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
            for (int sent = 0; sent < request.Length;)
            {
                sent += client.Send(request.AsSpan(sent));
            }

            Assert.Equal("errno=0\n\n", ServerFixture.ReadAnswer(client));
            fastest = Math.Min(fastest, (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds);
        }

        DeviceSnapshot snapshot = end.Device.Snapshot();
        Assert.Equal(Prefixes, snapshot.Peers.SelectMany(peer => peer.AllowedIps));
        Assert.InRange(fastest, 0, 2);
    }

    private AllowedIps<string> Filled()
    {
        AllowedIps<string> table = new();
        using AllowedIps<string>.Batch batch = table.Begin();
        for (int i = 0; i < Prefixes.Count; i++)
        {
            table.Insert(Prefixes[i], _peers[i % Peers]);
        }

        return table;
    }
}
