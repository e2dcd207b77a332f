using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using WgNet.Device;
using WgNet.Routing;

namespace WgNet.Cli.Show;

/// <summary>
/// <c>wgnet show --json</c>: everything that show knows. docs/json.md is its schema, which a test compares with what is written here.
/// Every key is always there; what is unknown or not set is null, so that a reader need not tell absent from empty.
/// </summary>
/// <param name="hideKeys">False when <c>WG_HIDE_KEYS</c> is <c>never</c>: else no secret is written.</param>
internal sealed class JsonPrinter(bool hideKeys)
{
    // Keys in base64 stay readable: "+" is not written as an escape.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One line, so that it can be appended to a log.</summary>
    public string Print(IEnumerable<DeviceView> devices)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text, Options))
        {
            json.WriteStartObject();
            json.WriteStartArray("interfaces");
            foreach (DeviceView device in devices)
            {
                Write(json, device);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    private void Write(Utf8JsonWriter json, DeviceView device)
    {
        DeviceSnapshot snapshot = device.Snapshot;
        bool isWgNet = snapshot.WgNetVersion is not null;
        json.WriteStartObject();
        json.WriteString("name", device.Name);
        json.WriteString("wgnet_version", snapshot.WgNetVersion);
        json.WriteString("public_key", device.PublicKey?.ToString());
        WriteSecret(json, "private_key", snapshot.PrivateKey);
        json.WriteNumber("listen_port", snapshot.ListenPort);
        json.WriteNumber("fwmark", snapshot.FirewallMark);
        WriteNumber(json, "workers", isWgNet ? snapshot.Workers : null);
        json.WriteString("metrics_listen", snapshot.MetricsListen?.ToString());
        WriteBoolean(json, "state_file", isWgNet ? snapshot.StateFile : null);
        json.WriteNumber("state_file_failures", snapshot.StateFileFailures);
        WriteDrops(json, snapshot.Drops);
        json.WriteStartArray("peers");
        foreach (PeerSnapshot peer in snapshot.Peers)
        {
            Write(json, peer, isWgNet);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Write(Utf8JsonWriter json, PeerSnapshot peer, bool isWgNet)
    {
        json.WriteStartObject();
        json.WriteString("public_key", peer.PublicKey.ToString());
        WriteSecret(json, "preshared_key", peer.PresharedKey);
        json.WriteString("endpoint", peer.Endpoint is { } endpoint ? EndpointText.Of(endpoint) : null);
        json.WriteString("endpoint_host", peer.EndpointHost);
        WriteNumber(json, "endpoint_host_failures", peer.EndpointHost is null ? null : peer.EndpointHostFailures);
        WritePrefixes(json, "allowed_ips", peer.AllowedIps);
        WriteNumber(json, "latest_handshake", peer.LastHandshakeWallTime == 0 ? null : peer.LastHandshakeWallTime / 1_000_000_000);
        json.WriteNumber("received_bytes", peer.ReceivedBytes);
        json.WriteNumber("sent_bytes", peer.SentBytes);
        json.WriteNumber("persistent_keepalive_seconds", peer.PersistentKeepalive);
        WritePrefixes(json, "learnable_ips", peer.LearnableIps);
        WriteNumber(json, "learn_limit", isWgNet ? peer.LearnLimit : null);
        WriteNumber(json, "learn_timeout_seconds", isWgNet ? peer.LearnTimeoutSeconds : null);
        json.WriteStartArray("learned_ips");
        foreach (LearnedAddressSnapshot learned in peer.LearnedAddresses)
        {
            json.WriteStartObject();
            json.WriteString("address", InetText.Of(learned.Address, isIPv4: false));
            json.WriteNumber("age_seconds", learned.AgeSeconds);
            json.WriteNumber("first_seen_seconds", learned.FirstSeenSeconds);
            json.WriteNumber("packets", learned.Packets);
            json.WriteBoolean("pinned", learned.IsPinned);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteDrops(json, peer.Drops);
        json.WriteEndObject();
    }

    private void WriteSecret(Utf8JsonWriter json, string name, byte[]? key)
    {
        json.WriteBoolean("has_" + name, key is not null);
        if (key is null || hideKeys)
        {
            json.WriteNull(name);
        }
        else
        {
            json.WriteBase64String(name, key);
        }
    }

    private static void WriteBoolean(Utf8JsonWriter json, string name, bool? value)
    {
        if (value is { } known)
        {
            json.WriteBoolean(name, known);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
        {
            json.WriteNumber(name, number);
        }
        else
        {
            json.WriteNull(name);
        }
    }

    private static void WritePrefixes(Utf8JsonWriter json, string name, List<IpPrefix> prefixes)
    {
        json.WriteStartArray(name);
        prefixes.ForEach(prefix => json.WriteStringValue(prefix.ToString()));
        json.WriteEndArray();
    }

    private static void WriteDrops(Utf8JsonWriter json, List<(string Reason, long Count)> drops)
    {
        json.WriteStartObject("drops");
        foreach ((string reason, long count) in drops)
        {
            json.WriteNumber(reason, count);
        }

        json.WriteEndObject();
    }
}
