using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd.Kernel;

/// <summary>A client with the kernel's WireGuard chooses its own addresses behind a WgNet gateway.</summary>
[Collection(nameof(KernelGuest))]
public sealed class KernelSlaacTests(KernelGuest guest)
{
    // The kernel gives a WireGuard interface no link-local address by itself. The identifier of the one that it is given becomes
    // that of its global address.
    private const string LinkLocal = "fe80::77";
    private const string Address = "2001:db8:1::77";

    [Theory]
    [MemberData(nameof(Matrix.Outsides), MemberType = typeof(Matrix))]
    public void Client_WithStableAndTemporaryAddress_IsReachedAtBoth(Outside outside)
    {
        Tunnel gateway = Tunnel.Start(guest.Host, Implementation.WgNet);
        Daemon? radvd = null;
        try
        {
            guest.Host.EnableForwarding();
            gateway.ListenOn(Tunnel.Port);
            gateway.Up(TunnelPair.DefaultMtu, "fe80::1/64", SlaacNetwork.GatewayAddress + "/64");
            radvd = Radvd.Start(gateway, guest.Lab.Folder, SlaacNetwork.Prefix);
            using KernelInterface client = AddClient(gateway, outside);

            string stable = WaitForAddress(client, "mngtmpaddr");
            string temporary = WaitForAddress(client, "temporary");
            Assert.Equal(Address, stable);
            foreach (string address in (string[])[stable, temporary])
            {
                guest.Pings(SlaacNetwork.GatewayAddress, "-I " + address);
                Ping.Succeeds(guest.Host, address);
                Assert.Contains(address + "/128", gateway.PeerValues(client.Keys, "learned_ip"));
            }

            KernelTransfer.RunBothWays(guest, temporary);
        }
        finally
        {
            radvd?.Dispose();
            gateway.Daemon.Dispose();
        }
    }

    private KernelInterface AddClient(Tunnel gateway, Outside outside)
    {
        var client = new KernelInterface(guest);
        gateway.Set("peer " + client.Keys.Public);
        Assert.Equal(0, UapiSocket.Set(
            gateway.Name,
            "public_key=" + client.Keys.PublicHex,
            "learnable_ip=" + SlaacNetwork.Prefix,
            "learnable_ip=" + SlaacNetwork.LinkLocalPrefix));
        client.Set($"peer {gateway.Keys.Public} allowed-ips ::/0 endpoint {Tunnel.Endpoint(guest.Host.Address(outside))}");
        guest.Run($"sysctl -w net.ipv6.conf.{client.Name}.use_tempaddr=2");
        client.Up(LinkLocal + "/64");
        return client;
    }

    private string WaitForAddress(KernelInterface client, string flag)
    {
        string listing = "";
        string? address = null;
        Wait.Until(
            () => (address = SlaacNetwork.FindAddress(listing = guest.Run($"ip -6 -o address show dev {client.Name} scope global"), flag)) is not null,
            TimeSpan.FromSeconds(15),
            () => $"no {flag} address\n{listing}");
        return address!;
    }
}
