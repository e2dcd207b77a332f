using System.Net;
using WgNet.Device;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Udp;

namespace WgNet.Unit.Cli;

/// <summary>Devices to be shown.</summary>
internal static class SampleDevices
{
    public static readonly PublicKey PublicKey = Parse("XCH6uJHZtLSGkz7MtMzaoGXP2euco0hub90dlcRea0M=");

    public static DeviceSnapshot TwoPeers()
    {
        DeviceSnapshot device = new()
        {
            PrivateKey = Convert.FromBase64String("yDkML+w4G4Xjre0Zx8CteqbNjw6l5ZX0kALf4r/f4UQ="),
            ListenPort = 5555,
            FirewallMark = 0x33,
        };
        PeerSnapshot first = new(Parse("xxWX6tbaY40p4faQbHaDxiFfmAZcDR/EDxGWX4P0ZCc="))
        {
            PresharedKey = Convert.FromBase64String("ezs4ObS9P8oE/s3FSuERL+T2gXHv10HWywIMxdTogiM="),
            Endpoint = new Endpoint(IPAddress.Parse("1.2.3.4"), 55),
            PersistentKeepalive = 25,
        };
        first.AllowedIps.AddRange([Prefix("10.0.0.0/24"), Prefix("fd00::/64")]);
        device.Peers.Add(first);
        device.Peers.Add(new PeerSnapshot(Parse("ofWdksV7qyzxzqgSf26Nokqyge1v2DHx++Q0k/McfUk=")));
        return device;
    }

    /// <summary>A device with something in everything that a device may report.</summary>
    public static DeviceSnapshot Full()
    {
        DeviceSnapshot device = TwoPeers();
        device.WgNetVersion = "1.2.3";
        device.Workers = 2;
        device.StateFile = false;
        device.MetricsListen = new MetricsAddress("/run/wgt0.metrics", EndPoint: null);
        device.Drops.Add(("bad_mac1", 2));
        PeerSnapshot peer = device.Peers[0];
        peer.EndpointHost = "gateway.example:55";
        peer.LastHandshakeWallTime = 1_700_000_000_900_000_000;
        peer.ReceivedBytes = 1000;
        peer.SentBytes = 2000;
        peer.LearnLimit = 8;
        peer.LearnTimeoutSeconds = 3600;
        peer.LearnableIps.AddRange([Prefix("2001:db8::/64"), Prefix("fe80::/64")]);
        peer.LearnedAddresses.Add(new LearnedAddressSnapshot(Prefix("2001:db8::1").Address, 5));
        peer.LearnedAddresses.Add(new LearnedAddressSnapshot(Prefix("2001:db8::5efe:102:304").Address, 7));
        peer.Drops.AddRange([("bad_tag", 4), ("conflict", 3), ("learn_rate_limited", 1)]);
        device.Peers[1].LearnLimit = 16;
        device.Peers[1].LearnTimeoutSeconds = 86_400;
        return device;
    }

    public static PublicKey Key(byte fill)
    {
        byte[] bytes = new byte[PublicKey.Size];
        Array.Fill(bytes, fill);
        return new PublicKey(bytes);
    }

    public static IpPrefix Prefix(string text) => IpPrefix.TryParse(text, out IpPrefix prefix) ? prefix : throw new FormatException(text);

    private static PublicKey Parse(string text) => PublicKey.TryParseBase64(text, out PublicKey key) ? key : throw new FormatException(text);
}
