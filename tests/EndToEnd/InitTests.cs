using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>The files that <c>wgnet init</c> writes, used as it says: the gateway with wgnet, the clients with stock wg-quick and wireguard-go.</summary>
public sealed class InitTests
{
    [Theory]
    [MemberData(nameof(Matrix.Outsides), MemberType = typeof(Matrix))]
    public void Init_ItsFilesAsTheyAre_GiveClientsAddressesAtWhichTheyReachEachOther(Outside outside)
    {
        using var lab = new Lab();
        Host gateway = lab.AddHost("gateway");
        gateway.EnableForwarding();
        Host[] clients = [lab.AddHost("laptop"), lab.AddHost("phone")];
        string name = gateway.NewInterfaceName();
        string folder = Path.Combine(lab.Folder, "wireguard");
        foreach (Host client in clients)
        {
            lab.Link(client, gateway);
        }

        // One outside address of the gateway for both: the other client has a route to it.
        string endpoint = gateway.Links[0].Address(outside);
        clients[1].Run($"ip route add {endpoint} via {gateway.Links[1].Address(outside)}");
        string[] names = [.. clients.Select(client => client.NewInterfaceName())];
        CommandResult init = gateway.TryRun(
            [Programs.WgNet, "init", name, "--prefix", SlaacNetwork.Prefix, "--endpoint", endpoint, "--directory", folder, "--qr", .. names]);
        Assert.True(init.Succeeded, init.ToString());

        CommandResult up = gateway.TryRun([Programs.WgNet, "up", $"{folder}/{name}.conf"]);
        Assert.True(up.Succeeded, up.ToString());
        Assert.DoesNotContain("arning", up.Error, StringComparison.Ordinal);
        Radvd.Start(gateway, name, lab.Folder, SlaacNetwork.Prefix);

        List<string> addresses = [];
        for (int i = 0; i < clients.Length; i++)
        {
            CommandResult client = clients[i].TryRun(
                ["env", "WG_QUICK_USERSPACE_IMPLEMENTATION=wireguard-go", "wg-quick", "up", $"{folder}/{name}-clients/{names[i]}.conf"]);
            Assert.True(client.Succeeded, client.ToString());
            addresses.Add(SlaacNetwork.WaitForAddress(clients[i], names[i], "mngtmpaddr"));
            Ping.Succeeds(clients[i], SlaacNetwork.GatewayAddress);
            Ping.Succeeds(gateway, addresses[i]);
        }

        Ping.Succeeds(clients[0], addresses[1]);
        Ping.Succeeds(clients[1], addresses[0]);
        for (int i = 0; i < clients.Length; i++)
        {
            CommandResult down = clients[i].TryRun(["wg-quick", "down", $"{folder}/{name}-clients/{names[i]}.conf"]);
            Assert.True(down.Succeeded, down.ToString());
        }

        Assert.True(gateway.TryRun([Programs.WgNet, "down", $"{folder}/{name}.conf"]).Succeeded);
    }
}
