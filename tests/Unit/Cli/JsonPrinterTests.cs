using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using WgNet.Cli.Show;
using WgNet.Device;
using Xunit;

namespace WgNet.Unit.Cli;

public sealed partial class JsonPrinterTests
{
    [Fact]
    public void Print_FullDevice_HasExactlyTheKeysAndTypesOfTheDocument()
    {
        // Together they have each key that may be null once with a value and once without.
        using var full = JsonDocument.Parse(Print(SampleDevices.Full(), hideKeys: false));
        using var bare = JsonDocument.Parse(Print(Bare(), hideKeys: true));
        var found = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        JsonKeys.Collect(full.RootElement, "", found);
        JsonKeys.Collect(bare.RootElement, "", found);

        Assert.Equal(
            Documented().Select(row => $"{row.Key}: {row.Type}").Order(StringComparer.Ordinal),
            JsonKeys.Lines(found));
    }

    [Fact]
    public void Print_Device_HasItsValues()
    {
        using var json = JsonDocument.Parse(Print(SampleDevices.Full(), hideKeys: false));
        JsonElement device = json.RootElement.GetProperty("interfaces")[0];
        JsonElement peer = device.GetProperty("peers")[0];

        Assert.Equal("wgt0", device.GetProperty("name").GetString());
        Assert.Equal("yDkML+w4G4Xjre0Zx8CteqbNjw6l5ZX0kALf4r/f4UQ=", device.GetProperty("private_key").GetString());
        Assert.Equal(0x33, device.GetProperty("fwmark").GetInt32());
        Assert.Equal(2, device.GetProperty("drops").GetProperty("bad_mac1").GetInt32());
        Assert.Equal("1.2.3.4:55", peer.GetProperty("endpoint").GetString());
        Assert.Equal("gateway.example:55", peer.GetProperty("endpoint_host").GetString());
        Assert.Equal(1_700_000_000, peer.GetProperty("latest_handshake").GetInt64());
        Assert.Equal(["10.0.0.0/24", "fd00::/64"], peer.GetProperty("allowed_ips").EnumerateArray().Select(prefix => prefix.GetString()));
        Assert.Equal("2001:db8::1", peer.GetProperty("learned_ips")[0].GetProperty("address").GetString());
        Assert.Equal(5, peer.GetProperty("learned_ips")[0].GetProperty("age_seconds").GetInt32());
        Assert.Equal(3, peer.GetProperty("drops").GetProperty("conflict").GetInt32());
        Assert.Equal(JsonValueKind.Null, device.GetProperty("peers")[1].GetProperty("latest_handshake").ValueKind);
    }

    [Fact]
    public void Print_KeysHidden_NoSecretIsInIt()
    {
        string text = Print(SampleDevices.Full(), hideKeys: true);

        Assert.DoesNotContain("yDkML", text, StringComparison.Ordinal);
        Assert.DoesNotContain("ezs4O", text, StringComparison.Ordinal);
        Assert.Contains("\"has_preshared_key\":true,\"preshared_key\":null", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Print_NoDevice_IsAnEmptyList() => Assert.Equal("{\"interfaces\":[]}", new JsonPrinter(hideKeys: true).Print([]));

    private static DeviceSnapshot Bare()
    {
        DeviceSnapshot device = new();
        device.Peers.Add(new PeerSnapshot(SampleDevices.Key(1)));
        return device;
    }

    private static string Print(DeviceSnapshot snapshot, bool hideKeys)
    {
        using DeviceView device = new("wgt0", snapshot, snapshot.PrivateKey is null ? null : SampleDevices.PublicKey);
        return new JsonPrinter(hideKeys).Print([device]);
    }

    private static IEnumerable<(string Key, string Type)> Documented([CallerFilePath] string thisFile = "") =>
        Row().Matches(File.ReadAllText(Path.Combine(Path.GetDirectoryName(thisFile)!, "../../../docs/json.md")))
            .Select(row => (row.Groups["key"].Value, row.Groups["type"].Value));

    [GeneratedRegex(@"^\| `(?<key>interfaces[^`]*)` \| (?<type>[a-z ]+) \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Row();
}
