using System.Text;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Udp;

namespace WgNet.Uapi;

/// <summary>
/// Reads the answer to <c>get=1</c>, from WgNet or from any other implementation: keys that it does not know are passed over,
/// as wg(8) does.
/// </summary>
public sealed class UapiGetReader
{
    private const string DropPrefix = "drop_";

    private readonly DeviceSnapshot _device = new();
    private PeerSnapshot? _peer;
    private ulong _errno = ulong.MaxValue;
    private string? _refusedKey;
    private string? _refusedReason;

    /// <summary>A whole answer with its <c>errno</c>. The caller wipes the keys in the result.</summary>
    /// <exception cref="UapiException">The device answered with an error, or the text is no answer.</exception>
    public static DeviceSnapshot Read(ReadOnlySpan<byte> answer)
    {
        var reader = new UapiGetReader();
        Span<char> buffer = new char[UapiSetParser.MaxLineLength];
        try
        {
            foreach (Range range in answer.Split((byte)'\n'))
            {
                ReadOnlySpan<byte> line = answer[range];
                if (line.Length > buffer.Length || !reader.TakeLine(buffer[..Encoding.Latin1.GetChars(line, buffer)]))
                {
                    throw new UapiException($"the answer of the device makes no sense: {KeyOf(line)}", Errno.EPROTO);
                }
            }

            return reader.Finish();
        }
        catch
        {
            reader._device.Wipe();
            throw;
        }
        finally
        {
            buffer.Clear();
        }
    }

    private DeviceSnapshot Finish() => _errno switch
    {
        0 => _device,
        ulong.MaxValue => throw new UapiException("the answer of the device is incomplete", Errno.EPROTO),
        _ => throw new UapiException($"the device answered with errno {_errno}", (int)_errno) { RefusedKey = _refusedKey, RefusedReason = _refusedReason },
    };

    private bool TakeLine(ReadOnlySpan<char> line)
    {
        int equals = line.IndexOf('=');
        if (equals < 0)
        {
            return line.IsEmpty;
        }

        ReadOnlySpan<char> key = line[..equals], value = line[(equals + 1)..];
        if (key is "errno")
        {
            return UapiValue.TryParseNumber(value.TrimStart('-'), int.MaxValue, out _errno);
        }

        if (key is "public_key")
        {
            bool ok = UapiValue.TryParsePublicKey(value, out PublicKey publicKey);
            _device.Peers.Add(_peer = new PeerSnapshot(publicKey));
            return ok;
        }

        return _peer is null ? TakeDeviceLine(key, value) : TakePeerLine(_peer, key, value);
    }

    private bool TakeDeviceLine(ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        ulong number;
        switch (key)
        {
            case "private_key":
                _device.PrivateKey = UapiValue.ParseSecret(value);
                return _device.PrivateKey is not null;
            case "listen_port":
                bool isPort = UapiValue.TryParseNumber(value, ushort.MaxValue, out number);
                _device.ListenPort = (ushort)number;
                return isPort;
            case "fwmark":
                bool isMark = UapiValue.TryParseNumber(value, uint.MaxValue, out number);
                _device.FirewallMark = (uint)number;
                return isMark;
            case "wgnet_version":
                _device.WgNetVersion = value.ToString();
                return true;
            case "refused_key":
                _refusedKey = value.ToString();
                return true;
            case "refused_reason":
                // Whatever runs the device, it goes to a terminal.
                _refusedReason = ConfigurationFileException.Printable(UapiValue.Utf8(value), UapiLine.MaxReasonLength);
                return true;
            case "private_key_file":
                _device.PrivateKeyFile = UapiValue.ParsePath(value);
                return _device.PrivateKeyFile is { Length: > 0 };
            case "workers":
                bool isCount = UapiValue.TryParseNumber(value, WorkerCount.Most, out number);
                _device.Workers = (int)number;
                return isCount;
            case "metrics_listen":
                bool isAddress = MetricsAddress.TryParse(value, out MetricsAddress? address);
                _device.MetricsListen = address;
                return isAddress;
            case "state_file":
                _device.StateFile = value is "on";
                return value is "on" or "off";
            case "state_file_failures":
                bool isFailures = UapiValue.TryParseNumber(value, long.MaxValue, out number);
                _device.StateFileFailures = (long)number;
                return isFailures;
            default:
                TakeDrop(_device.Drops, key, value);
                return true;
        }
    }

    private static bool TakePeerLine(PeerSnapshot peer, ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        switch (key)
        {
            case "preshared_key":
                peer.PresharedKey = UapiValue.ParseSecret(value);
                bool valid = peer.PresharedKey is not null;
                // All zero is how the protocol says that there is none.
                if (valid && !peer.PresharedKey.AsSpan().ContainsAnyExcept((byte)0))
                {
                    peer.PresharedKey = null;
                }

                return valid;
            case "endpoint":
                bool isEndpoint = Endpoint.TryParse(value, out Endpoint? endpoint);
                peer.Endpoint = endpoint;
                return isEndpoint;
            case "preshared_key_file":
                peer.PresharedKeyFile = UapiValue.ParsePath(value);
                return peer.PresharedKeyFile is { Length: > 0 };
            case "endpoint_host":
                peer.EndpointHost = value.ToString();
                return true;
            case "allowed_ip":
                return TakePrefix(peer.AllowedIps, value);
            case "learnable_ip":
                return TakePrefix(peer.LearnableIps, value);
            case "learned_ip":
                bool isAddress = IpPrefix.TryParse(value, out IpPrefix learned) && !learned.IsIPv4 && learned.Length == 128;
                peer.LearnedAddresses.Add(new LearnedAddressSnapshot(learned.Address, AgeSeconds: 0));
                return isAddress;
            case "learned_pinned" when peer.LearnedAddresses.Count > 0:
                peer.LearnedAddresses[^1] = peer.LearnedAddresses[^1] with { IsPinned = value is "true" };
                return true;
            default:
                return TakeNumber(peer, key, value);
        }
    }

    private static bool TakeNumber(PeerSnapshot peer, ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        bool isNumber = UapiValue.TryParseNumber(value, long.MaxValue, out ulong unsigned);
        long number = (long)unsigned;
        switch (key)
        {
            case "last_handshake_time_sec":
                peer.LastHandshakeWallTime += number * 1_000_000_000;
                return isNumber;
            case "last_handshake_time_nsec":
                peer.LastHandshakeWallTime += number;
                return isNumber;
            case "endpoint_host_failures":
                peer.EndpointHostFailures = number;
                return isNumber;
            case "rx_bytes":
                peer.ReceivedBytes = number;
                return isNumber;
            case "tx_bytes":
                peer.SentBytes = number;
                return isNumber;
            case "persistent_keepalive_interval":
                peer.PersistentKeepalive = (ushort)number;
                return isNumber && number <= ushort.MaxValue;
            case "learn_limit":
                peer.LearnLimit = (int)number;
                return isNumber && number <= int.MaxValue;
            case "learn_timeout_sec":
                peer.LearnTimeoutSeconds = number;
                return isNumber;
            case "learned_age_sec" when peer.LearnedAddresses.Count > 0:
                peer.LearnedAddresses[^1] = peer.LearnedAddresses[^1] with { AgeSeconds = number };
                return isNumber;
            case "learned_first_seen_sec" when peer.LearnedAddresses.Count > 0:
                peer.LearnedAddresses[^1] = peer.LearnedAddresses[^1] with { FirstSeenSeconds = number };
                return isNumber;
            case "learned_packets" when peer.LearnedAddresses.Count > 0:
                peer.LearnedAddresses[^1] = peer.LearnedAddresses[^1] with { Packets = number };
                return isNumber;
            default:
                TakeDrop(peer.Drops, key, value);
                return true;
        }
    }

    private static void TakeDrop(List<(string Reason, long Count)> drops, ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        if (key.StartsWith(DropPrefix) && UapiValue.TryParseNumber(value, long.MaxValue, out ulong count))
        {
            drops.Add((key[DropPrefix.Length..].ToString(), (long)count));
        }
    }

    private static bool TakePrefix(List<IpPrefix> prefixes, ReadOnlySpan<char> value)
    {
        bool ok = IpPrefix.TryParse(value, out IpPrefix prefix);
        prefixes.Add(prefix);
        return ok;
    }

    private static string KeyOf(ReadOnlySpan<byte> line) =>
        Encoding.Latin1.GetString(line[..Math.Min(Math.Max(line.IndexOf((byte)'='), 0), 64)]);
}
