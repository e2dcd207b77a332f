using System.Net;
using WgNet.Cli.Show;
using WgNet.Device;
using WgNet.Routing;
using WgNet.Udp;
using Xunit;

namespace WgNet.Unit.Cli;

/// <summary>Expected texts without WgNet's own lines were printed by wg 1.0.20210914 for the same device.</summary>
public sealed class PrettyPrinterTests
{
    private const long Now = 1_800_000_000;

    [Fact]
    public void Print_TwoPeers_LooksAsWgShow()
    {
        Assert.Equal(
            """
            interface: wgt0
              public key: XCH6uJHZtLSGkz7MtMzaoGXP2euco0hub90dlcRea0M=
              private key: (hidden)
              listening port: 5555
              fwmark: 0x33

            peer: xxWX6tbaY40p4faQbHaDxiFfmAZcDR/EDxGWX4P0ZCc=
              preshared key: (hidden)
              endpoint: 1.2.3.4:55
              allowed ips: 10.0.0.0/24, fd00::/64
              persistent keepalive: every 25 seconds

            peer: ofWdksV7qyzxzqgSf26Nokqyge1v2DHx++Q0k/McfUk=
              allowed ips: (none)

            """,
            Print(SampleDevices.TwoPeers()));
    }

    [Fact]
    public void Print_WorkersSet_AreShown()
    {
        DeviceSnapshot device = SampleDevices.TwoPeers();
        device.Workers = 3;

        Assert.Contains("  fwmark: 0x33\n  workers: 3\n", Print(device), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, 0, "  preshared key: (hidden)\n  endpoint: 1.2.3.4:55\n  allowed ips: ")]
    [InlineData(true, 2, "  endpoint: 1.2.3.4:55\n  endpoint name: gateway.example:55, 2 failures to resolve it\n  allowed ips: ")]
    [InlineData(false, 2, "  preshared key: (hidden)\n  endpoint name: gateway.example:55, not resolved yet, 2 failures to resolve it\n  allowed ips: ")]
    public void Print_EndpointByName_IsShownWhereThereIsSomethingToSay(bool isResolved, long failures, string lines)
    {
        DeviceSnapshot device = SampleDevices.TwoPeers();
        PeerSnapshot peer = device.Peers[0];
        peer.EndpointHost = "gateway.example:55";
        peer.EndpointHostFailures = failures;
        peer.Endpoint = isResolved ? peer.Endpoint : null;

        Assert.Contains(lines, Print(device), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, 0, "  fwmark: 0x33\n  state file: off\n")]
    [InlineData(true, 2, "  fwmark: 0x33\n  state file: 2 failures to write it\n")]
    public void Print_StateFileOffOrFailing_IsShown(bool isOn, long failures, string expected)
    {
        DeviceSnapshot device = SampleDevices.TwoPeers();
        device.StateFile = isOn;
        device.StateFileFailures = failures;

        Assert.Contains(expected, Print(device), StringComparison.Ordinal);
    }

    [Fact]
    public void Print_Coloured_HasTheEscapesOfWgShow()
    {
        Assert.Equal(
            "\e[0m\e[32m\e[1minterface\e[0m: \e[32mwgt0\e[0m\n"
            + "  \e[1mpublic key\e[0m: XCH6uJHZtLSGkz7MtMzaoGXP2euco0hub90dlcRea0M=\n"
            + "  \e[1mprivate key\e[0m: (hidden)\n"
            + "  \e[1mlistening port\e[0m: 5555\n"
            + "  \e[1mfwmark\e[0m: 0x33\n"
            + "\n"
            + "\e[33m\e[1mpeer\e[0m: \e[33mxxWX6tbaY40p4faQbHaDxiFfmAZcDR/EDxGWX4P0ZCc=\e[0m\n"
            + "  \e[1mpreshared key\e[0m: (hidden)\n"
            + "  \e[1mendpoint\e[0m: 1.2.3.4:55\n"
            + "  \e[1mallowed ips\e[0m: 10.0.0.0\e[36m/\e[0m24, fd00::\e[36m/\e[0m64\n"
            + "  \e[1mpersistent keepalive\e[0m: every 25 \e[36mseconds\e[0m\n"
            + "\n"
            + "\e[33m\e[1mpeer\e[0m: \e[33mofWdksV7qyzxzqgSf26Nokqyge1v2DHx++Q0k/McfUk=\e[0m\n"
            + "  \e[1mallowed ips\e[0m: (none)\n",
            Print(SampleDevices.TwoPeers(), Paint.For("always", isTerminal: false)));
    }

    [Fact]
    public void Print_PeersWithHandshakes_LatestFirst()
    {
        DeviceSnapshot device = new();
        foreach ((byte key, long ago) in new[] { ((byte)1, 300L), ((byte)2, 10L), ((byte)3, 60L) })
        {
            device.Peers.Add(new PeerSnapshot(SampleDevices.Key(key)) { LastHandshakeWallTime = (Now - ago) * 1_000_000_000 });
        }

        device.Peers.Add(new PeerSnapshot(SampleDevices.Key(4)));
        byte[] order = [2, 3, 1, 4];
        Assert.Equal(
            order.Select(key => $"peer: {SampleDevices.Key(key)}"),
            Print(device).Split('\n').Where(line => line.StartsWith("peer", StringComparison.Ordinal)),
            StringComparer.Ordinal);
    }

    [Fact]
    public void Print_KeysNotHidden_ShowsThem()
    {
        string text = Print(SampleDevices.TwoPeers(), hideKeys: false);

        Assert.Contains("  private key: yDkML+w4G4Xjre0Zx8CteqbNjw6l5ZX0kALf4r/f4UQ=\n", text, StringComparison.Ordinal);
        Assert.Contains("  preshared key: ezs4ObS9P8oE/s3FSuERL+T2gXHv10HWywIMxdTogiM=\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Print_LearningPeer_ShowsLearnableLearnedAndDropsWhereTheyBelong()
    {
        PeerSnapshot peer = new(SampleDevices.Key(1))
        {
            Endpoint = new Endpoint(IPAddress.Parse("2001:db8:1::1"), 51820),
            LastHandshakeWallTime = (Now - 65) * 1_000_000_000,
            ReceivedBytes = 1240,
            SentBytes = 92,
        };
        peer.LearnableIps.Add(SampleDevices.Prefix("2001:db8::/64"));
        peer.LearnedAddresses.Add(new LearnedAddressSnapshot(IpPrefix.ToNumber(IPAddress.Parse("2001:db8::1")), 12));
        peer.LearnedAddresses.Add(new LearnedAddressSnapshot(IpPrefix.ToNumber(IPAddress.Parse("2001:db8::2")), 7300) { IsPinned = true });
        peer.Drops.AddRange([("not_allowed", 3), ("conflict", 1), ("bad_tag", 0)]);
        DeviceSnapshot device = new();
        device.Drops.Add(("bad_mac1", 2));
        device.Peers.Add(peer);

        Assert.Equal(
            $"""
            interface: wgt0
              dropped: 2 bad mac1

            peer: {SampleDevices.Key(1)}
              endpoint: [2001:db8:1::1]:51820
              allowed ips: (none)
              learnable ips: 2001:db8::/64
              learned ips: 2001:db8::1 (12 s ago), 2001:db8::2 (2 h ago, pinned)
              latest handshake: 1 minute, 5 seconds ago
              transfer: 1.21 KiB received, 92 B sent
              dropped: 3 not allowed, 1 conflict

            """,
            Print(device));
    }

    private static string Print(DeviceSnapshot snapshot, Paint? paint = null, bool hideKeys = true)
    {
        using StringWriter output = new();
        using DeviceView device = new("wgt0", snapshot, snapshot.PrivateKey is null ? null : SampleDevices.PublicKey);
        new PrettyPrinter(output, paint ?? Paint.None, Now, hideKeys).Print(device);
        return output.ToString();
    }
}
