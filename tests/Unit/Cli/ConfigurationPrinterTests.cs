using WgNet.Cli.Show;
using WgNet.Device;
using WgNet.Uapi;
using Xunit;

namespace WgNet.Unit.Cli;

public sealed class ConfigurationPrinterTests
{
    /// <summary>Printed by <c>wg showconf</c> 1.0.20210914 for the same device.</summary>
    [Fact]
    public void Print_DeviceOfWgsSettings_IsWgs() => Assert.Equal(
        """
        [Interface]
        ListenPort = 5555
        FwMark = 0x33
        PrivateKey = yDkML+w4G4Xjre0Zx8CteqbNjw6l5ZX0kALf4r/f4UQ=

        [Peer]
        PublicKey = xxWX6tbaY40p4faQbHaDxiFfmAZcDR/EDxGWX4P0ZCc=
        PresharedKey = ezs4ObS9P8oE/s3FSuERL+T2gXHv10HWywIMxdTogiM=
        AllowedIPs = 10.0.0.0/24, fd00::/64
        Endpoint = 1.2.3.4:55
        PersistentKeepalive = 25

        [Peer]
        PublicKey = ofWdksV7qyzxzqgSf26Nokqyge1v2DHx++Q0k/McfUk=

        """,
        Print(SampleDevices.TwoPeers()));

    [Fact]
    public void Print_EmptyDevice_IsTheHeadAlone() => Assert.Equal("[Interface]\n\n", Print(new DeviceSnapshot()));

    [Fact]
    public void Print_LearningDevice_HasItsKeysAtTheEndAndDefaultsAreLeftOut() => Assert.Equal(
        """
        [Interface]
        ListenPort = 5555
        FwMark = 0x33
        PrivateKey = yDkML+w4G4Xjre0Zx8CteqbNjw6l5ZX0kALf4r/f4UQ=
        Workers = 2
        MetricsListen = /run/wgt0.metrics
        StateFile = off

        [Peer]
        PublicKey = xxWX6tbaY40p4faQbHaDxiFfmAZcDR/EDxGWX4P0ZCc=
        PresharedKey = ezs4ObS9P8oE/s3FSuERL+T2gXHv10HWywIMxdTogiM=
        AllowedIPs = 10.0.0.0/24, fd00::/64
        Endpoint = 1.2.3.4:55
        PersistentKeepalive = 25
        LearnableIPs = 2001:db8::/64, fe80::/64
        LearnLimit = 8
        LearnTimeout = 3600

        [Peer]
        PublicKey = ofWdksV7qyzxzqgSf26Nokqyge1v2DHx++Q0k/McfUk=

        """,
        Print(SampleDevices.Full()));

    [Fact]
    public void Print_LearningDevice_IsReadAgainAsItWas()
    {
        DeviceUpdate update = ConfigurationFile.Parse(Print(SampleDevices.Full()), "showconf", ConfigurationMode.Replace).Update;

        DeviceSnapshot device = SampleDevices.Full();
        Assert.Equal(device.PrivateKey, update.PrivateKey);
        Assert.Equal(((ushort?)device.ListenPort, (uint?)device.FirewallMark, (int?)device.Workers), (update.ListenPort, update.FirewallMark, update.Workers));
        PeerSnapshot peer = device.Peers[0];
        PeerUpdate read = update.Peers[0];
        Assert.Equal((device.MetricsListen, (bool?)device.StateFile), (update.MetricsListen, update.StateFile));
        Assert.Equal(peer.PresharedKey, read.PresharedKey);
        Assert.Equal((peer.PublicKey, peer.Endpoint, (ushort?)peer.PersistentKeepalive), (read.PublicKey, read.Endpoint, read.PersistentKeepalive));
        Assert.Equal(peer.AllowedIps, read.AllowedIps.Select(prefix => prefix.Prefix));
        Assert.Equal(peer.LearnableIps, read.LearnableIps.Select(prefix => prefix.Prefix));
        Assert.Equal(((int?)peer.LearnLimit, (long?)peer.LearnTimeoutSeconds), (read.LearnLimit, read.LearnTimeoutSeconds));
    }

    [Fact]
    public void Print_KeysFromFiles_NamesTheFilesAndNoKey()
    {
        DeviceSnapshot device = SampleDevices.Full();
        string privateKey = Convert.ToBase64String(device.PrivateKey!), presharedKey = Convert.ToBase64String(device.Peers[0].PresharedKey!);
        device.PrivateKeyFile = "/etc/wireguard/wg0.key";
        device.Peers[0].PresharedKeyFile = "/etc/wireguard/wg0-laptop.psk";

        string text = Print(device);

        Assert.Contains("\nPrivateKeyFile = /etc/wireguard/wg0.key\n", text, StringComparison.Ordinal);
        Assert.Contains("\nPresharedKeyFile = /etc/wireguard/wg0-laptop.psk\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain(privateKey, text, StringComparison.Ordinal);
        Assert.DoesNotContain(presharedKey, text, StringComparison.Ordinal);
    }

    private static string Print(DeviceSnapshot snapshot)
    {
        using StringWriter output = new();
        using DeviceView device = new("wgt0", snapshot, publicKey: null);
        new ConfigurationPrinter(output).Print(device);
        return output.ToString();
    }
}
