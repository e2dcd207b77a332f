using System.Text.Json;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>What <c>wgnet set</c>, <c>show</c> and <c>showconf</c> add to wg(8): learning, and JSON.</summary>
public sealed class LearningShowTests
{
    private static readonly string[] DefaultSettings = ["learn_limit=16", "learn_timeout_sec=86400"];

    [Fact]
    public void Set_LearningOfAPeer_IsReadBackAndGoesThroughShowconf()
    {
        using var lab = new Lab();
        Tunnel tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WgNet);
        KeyPair peer = KeyPair.Generate();
        string set = $"{Programs.WgNet} set {tunnel.Name} peer {peer.Public}";
        tunnel.Host.Run($"{set} learnable-ips 2001:db8:1::/64,2001:db8:2::/64 learn-limit 4 learn-timeout 2h");
        Assert.Equal($"{peer.Public}\t2001:db8:1::/64 2001:db8:2::/64\n", tunnel.Host.Run($"{Programs.WgNet} show {tunnel.Name} learnable-ips"));

        tunnel.Host.Run($"{set} learnable-ips +2001:db8:3::/64,-2001:db8:1::/64");
        Assert.Equal(["2001:db8:2::/64", "2001:db8:3::/64"], tunnel.PeerValues(peer, "learnable_ip"));
        Assert.Equal(["4"], tunnel.PeerValues(peer, "learn_limit"));

        string conf = tunnel.Host.Run($"{Programs.WgNet} showconf {tunnel.Name}");
        Assert.EndsWith("LearnableIPs = 2001:db8:2::/64, 2001:db8:3::/64\nLearnLimit = 4\nLearnTimeout = 7200\n", conf, StringComparison.Ordinal);
        string before = UapiSocket.Exchange(tunnel.Name, "get=1\n\n");
        string file = Path.Combine(lab.Folder, "shown.conf");
        File.WriteAllText(file, conf);
        tunnel.Host.Run($"{Programs.WgNet} setconf {tunnel.Name} /dev/null");
        Assert.DoesNotContain("learnable_ip", UapiSocket.Exchange(tunnel.Name, "get=1\n\n"), StringComparison.Ordinal);
        tunnel.Host.Run($"{Programs.WgNet} setconf {tunnel.Name} {file}");
        Assert.Equal(before, UapiSocket.Exchange(tunnel.Name, "get=1\n\n"));

        tunnel.Host.Run([.. set.Split(' '), "learnable-ips", "", "learn-limit", "16", "learn-timeout", "1d"]);
        Assert.Empty(tunnel.PeerValues(peer, "learnable_ip"));
        Assert.All(DefaultSettings, setting => Assert.Contains(setting + "\n", UapiSocket.Exchange(tunnel.Name, "get=1\n\n"), StringComparison.Ordinal));
    }

    [Fact]
    public void Show_GatewayWithAClientAndAForger_HasAddressesAgesAndRefusals()
    {
        using var network = new SlaacNetwork(Implementation.WireGuardGo, Outside.IPv4);
        Tunnel client = network.AddClient(), forger = network.AddClient();
        string address = SlaacNetwork.WaitForAddress(client);
        Ping.Succeeds(client.Host, SlaacNetwork.GatewayAddress);
        SlaacNetwork.WaitForAddress(forger);
        Ping.Succeeds(forger.Host, SlaacNetwork.GatewayAddress);
        SlaacNetwork.AddAddress(forger, address);
        forger.Host.TryRun($"ping -n -c 1 -W 1 -I {address} {SlaacNetwork.GatewayAddress}");
        long conflicts = network.Drops(forger, "conflict");
        Assert.True(conflicts > 0, UapiSocket.Exchange(network.Gateway.Name, "get=1\n\n"));

        string[] lines = network.GatewayHost.Run($"{Programs.WgNet} show {network.Gateway.Name} learned-ips").Split('\n');
        string[] honest = Assert.Single(lines, line => line.StartsWith(client.Keys.Public, StringComparison.Ordinal)).Split('\t');
        string[] refused = Assert.Single(lines, line => line.StartsWith(forger.Keys.Public, StringComparison.Ordinal)).Split('\t');
        Assert.Contains(honest[1].Split(' '), item => item.StartsWith(address + "=", StringComparison.Ordinal) && int.Parse(item.Split('=')[1], null) < 60);
        Assert.DoesNotContain(address + "=", refused[1], StringComparison.Ordinal);
        Assert.Contains(refused[2].Split(' '), item => item == $"conflict={conflicts}");

        using var json = JsonDocument.Parse(network.GatewayHost.Run($"{Programs.WgNet} show {network.Gateway.Name} --json"));
        JsonElement device = Assert.Single(json.RootElement.GetProperty("interfaces").EnumerateArray());
        Assert.Equal(network.Gateway.Name, device.GetProperty("name").GetString());
        Assert.Matches(@"^\d+\.\d+\.\d+$", device.GetProperty("wgnet_version").GetString());
        Assert.Equal(JsonValueKind.Null, device.GetProperty("private_key").ValueKind);
        JsonElement shown = Assert.Single(device.GetProperty("peers").EnumerateArray(), peer => peer.GetProperty("public_key").GetString() == client.Keys.Public);
        Assert.Contains(shown.GetProperty("learned_ips").EnumerateArray(), learned => learned.GetProperty("address").GetString() == address);
        Assert.True(shown.GetProperty("received_bytes").GetInt64() > 0);
    }

    [Fact]
    public void ShowJson_DeviceOfWireGuardGo_IsShownWithoutWhatItDoesNotHave()
    {
        using var lab = new Lab();
        Tunnel tunnel = Tunnel.Start(lab.AddHost("host"), Implementation.WireGuardGo);
        tunnel.Set($"peer {KeyPair.Generate().Public} allowed-ips 10.0.0.0/8");
        using var json = JsonDocument.Parse(tunnel.Host.Run($"env WG_HIDE_KEYS=never {Programs.WgNet} show {tunnel.Name} --json"));
        JsonElement device = json.RootElement.GetProperty("interfaces")[0];
        Assert.Equal(JsonValueKind.Null, device.GetProperty("wgnet_version").ValueKind);
        Assert.Equal(tunnel.Keys.Private, device.GetProperty("private_key").GetString());
        Assert.Equal(tunnel.Keys.Public, device.GetProperty("public_key").GetString());
        Assert.Equal(JsonValueKind.Null, device.GetProperty("peers")[0].GetProperty("learn_limit").ValueKind);
    }
}
