using System.Text;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Udp;

namespace WgNet.Uapi;

/// <summary>
/// Reads the lines of one <c>set=1</c> into a <see cref="DeviceUpdate"/>, as they arrive. Keys, values and errno are those of
/// wireguard-go, but nothing takes effect before the last line was read: the first bad line refuses the whole request, and the
/// rest of it is passed over so that the next request on the connection is found.
/// </summary>
public sealed class UapiSetParser
{
    /// <summary>Bytes. The longest valid line is an <c>endpoint_host</c> of some 300.</summary>
    public const int MaxLineLength = 4096;

    /// <summary>Bounds what a client can make the process hold; about 200 MB of prefixes.</summary>
    public const int MaxLines = 1 << 22;

    private const string UnknownKey = "unknown key";
    private const string NotTrue = "expected true";
    private const string NotAKey = "expected 64 hexadecimal digits";
    private const string NotAPath = "expected an absolute path of at most 1024 bytes, or nothing";

    private readonly char[] _text = new char[MaxLineLength];
    private PeerUpdate? _peer;
    private int _line = 1;

    /// <summary>What was read so far. Whoever applies it wipes it; after an error it is wiped already.</summary>
    public DeviceUpdate Update { get; } = new();

    /// <summary>Whether the client wants to hear what was refused and why, before the errno: <c>explain=true</c>, which no stock program sends.</summary>
    public bool Explains { get; private set; }

    /// <summary>The first thing wrong, or null.</summary>
    public UapiError? Error { get; private set; }

    /// <summary>A whole request at once, without its <c>set=1</c>: lines up to a blank one.</summary>
    public static UapiSetParser Parse(ReadOnlySpan<byte> text)
    {
        var parser = new UapiSetParser();
        foreach (Range range in text.Split((byte)'\n'))
        {
            if (text[range].IsEmpty)
            {
                return parser;
            }

            parser.AddLine(text[range]);
        }

        parser.Fail("", "", Errno.EPROTO, "the request ends before its blank line");
        return parser;
    }

    /// <summary>One line without its newline; not the blank one that ends the request.</summary>
    public void AddLine(ReadOnlySpan<byte> line)
    {
        _line++;
        if (Error is not null)
        {
            return;
        }

        if (_line > MaxLines)
        {
            Fail("", "", Errno.E2BIG, "too many lines");
            return;
        }

        if (line.Length > MaxLineLength)
        {
            Fail("", "", Errno.EIO, "line too long");
            return;
        }

        // Latin-1 maps each byte to one character, so that bytes outside ASCII reach the value checks and fail there.
        Span<char> text = _text.AsSpan(0, Encoding.Latin1.GetChars(line, _text));
        AddLine(text.TrimEnd('\r'));
        text.Clear();
    }

    /// <summary>Wipes the keys of a request that will not be applied.</summary>
    public void Abandon() => Update.Wipe();

    private void AddLine(ReadOnlySpan<char> line)
    {
        int equals = line.IndexOf('=');
        if (equals < 0)
        {
            Fail("", "", Errno.EPROTO, "expected key=value");
            return;
        }

        ReadOnlySpan<char> key = line[..equals], value = line[(equals + 1)..];
        string? reason = key is "public_key" ? BeginPeer(value)
            : _peer is null ? TakeDeviceLine(key, value)
            : TakePeerLine(_peer, key, value);
        if (reason is not null)
        {
            // A mistyped private_key is an unknown key with a secret for a value.
            bool hidden = ReferenceEquals(reason, UnknownKey) || key is "private_key" or "preshared_key";
            Fail(Printable(key), hidden ? "(hidden)" : Printable(value), Errno.EINVAL, reason);
        }
    }

    private string? BeginPeer(ReadOnlySpan<char> value)
    {
        if (!UapiValue.TryParsePublicKey(value, out PublicKey key))
        {
            return NotAKey;
        }

        _peer = new PeerUpdate(key);
        Update.Peers.Add(_peer);
        return null;
    }

    private string? TakeDeviceLine(ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        switch (key)
        {
            case "private_key":
                Update.PrivateKey.Wipe();
                // A key that is given without a file ends the file of the one before; private_key_file, if any, follows.
                Update.PrivateKeyFile = "";
                return (Update.PrivateKey = UapiValue.ParseSecret(value)) is null ? NotAKey : null;
            case "listen_port":
                bool isPort = UapiValue.TryParseNumber(value, ushort.MaxValue, out ulong port);
                Update.ListenPort = (ushort)port;
                return isPort ? null : "expected a port, 0 to 65535";
            case "fwmark":
                bool isMark = UapiValue.TryParseNumber(value, uint.MaxValue, out ulong mark);
                Update.FirewallMark = (uint)mark;
                return isMark ? null : "expected a decimal number, 0 to 4294967295";
            case "replace_peers":
                Update.ReplacePeers = true;
                return value is "true" ? null : NotTrue;
            // WgNet's own.
            case "workers":
                bool isCount = UapiValue.TryParseNumber(value, WorkerCount.Most, out ulong workers);
                Update.Workers = (int)workers;
                return isCount ? null : WorkerCount.Expected;
            case "metrics_listen":
                bool isAddress = MetricsAddress.TryParse(value, out MetricsAddress? address);
                Update.MetricsListen = address;
                return isAddress ? null : MetricsAddress.Expected;
            case "state_file":
                Update.StateFile = value is "on";
                return value is "on" or "off" ? null : "expected on or off";
            case "explain":
                Explains = value is "true";
                return Explains ? null : NotTrue;
            case "private_key_file":
                Update.PrivateKeyFile = UapiValue.ParsePath(value);
                return Update.PrivateKeyFile is null ? NotAPath : null;
            default:
                return UnknownKey;
        }
    }

    private static string? TakePeerLine(PeerUpdate peer, ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        switch (key)
        {
            case "update_only":
                peer.UpdateOnly = true;
                return value is "true" ? null : NotTrue;
            case "remove":
                peer.Remove = true;
                return value is "true" ? null : NotTrue;
            case "preshared_key":
                peer.PresharedKey.Wipe();
                peer.PresharedKeyFile = "";
                return (peer.PresharedKey = UapiValue.ParseSecret(value)) is null ? NotAKey : null;
            case "endpoint":
                return TakeEndpoint(peer, value);
            case "persistent_keepalive_interval":
                bool isInterval = UapiValue.TryParseNumber(value, ushort.MaxValue, out ulong seconds);
                peer.PersistentKeepalive = (ushort)seconds;
                return isInterval ? null : "expected seconds, 0 to 65535";
            case "replace_allowed_ips":
                peer.ReplaceAllowedIps = true;
                peer.AllowedIps.Clear();
                return value is "true" ? null : NotTrue;
            case "allowed_ip":
                return TakePrefix(peer.AllowedIps, value);
            case "protocol_version":
                return value is "1" ? null : "expected 1";
            default:
                return TakeLearningLine(peer, key, value);
        }
    }

    // Not in the cross-platform protocol: learnable_ip, learned_ip and replace_learnable_ips are those of the
    // wireguard-slaac fork of wg(8), the others WgNet's own.
    private static string? TakeLearningLine(PeerUpdate peer, ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        switch (key)
        {
            case "replace_learnable_ips":
                peer.ReplaceLearnableIps = true;
                peer.LearnableIps.Clear();
                return value is "true" ? null : NotTrue;
            case "learnable_ip":
                string? reason = TakePrefix(peer.LearnableIps, value);
                return reason is null && peer.LearnableIps[^1].Prefix.IsIPv4 ? "only IPv6 addresses are learned" : reason;
            case "learned_ip":
                return TakeForgotten(peer, value);
            case "pinned_ip":
                return TakePinned(peer, value);
            case "learn_limit":
                bool isLimit = UapiValue.TryParseNumber(value, LearnSettings.MaxLimit, out ulong limit);
                peer.LearnLimit = (int)limit;
                return isLimit ? null : LearnSettings.LimitExpected;
            case "learn_timeout_sec":
                bool isTimeout = UapiValue.TryParseNumber(value, LearnSettings.MaxTimeoutSeconds, out ulong timeout) && timeout > 0;
                peer.LearnTimeoutSeconds = (long)timeout;
                return isTimeout ? null : "expected seconds, 1 to 4294967295";
            case "endpoint_host":
                bool isName = value.IsEmpty || EndpointName.IsEndpoint(value);
                peer.EndpointHost = value.ToString();
                return isName ? null : EndpointName.Expected;
            case "preshared_key_file":
                peer.PresharedKeyFile = UapiValue.ParsePath(value);
                return peer.PresharedKeyFile is null ? NotAPath : null;
            default:
                return UnknownKey;
        }
    }

    private static string? TakeEndpoint(PeerUpdate peer, ReadOnlySpan<char> value)
    {
        // The comparison refuses 010.0.0.1, which IPAddress would take for octal.
        if (!Endpoint.TryParse(value, out Endpoint? endpoint)
            || (value[0] != '[' && !value.SequenceEqual(endpoint.ToString())))
        {
            return "expected address:port, an IPv6 address in brackets";
        }

        // An address given without a name ends the name it was resolved from before; endpoint_host, if any, follows.
        peer.Endpoint = endpoint;
        peer.EndpointHost = "";
        return null;
    }

    private static string? TakePrefix(List<PrefixUpdate> prefixes, ReadOnlySpan<char> value)
    {
        bool remove = value is ['-', ..];
        if (!value.Contains('/') || !IpPrefix.TryParse(remove ? value[1..] : value, out IpPrefix prefix))
        {
            return "expected address/length";
        }

        prefixes.Add(new PrefixUpdate(prefix, remove));
        return null;
    }

    private static string? TakeForgotten(PeerUpdate peer, ReadOnlySpan<char> value)
    {
        if (value is not ['-', ..] || !TryParseAddress(value[1..], out UInt128 address))
        {
            return "expected -address/128: learned addresses can only be forgotten";
        }

        peer.ForgetLearned.Add(address);
        return null;
    }

    private static string? TakePinned(PeerUpdate peer, ReadOnlySpan<char> value)
    {
        bool remove = value is ['-', ..];
        if (!TryParseAddress(remove ? value[1..] : value, out UInt128 address))
        {
            return "expected address/128 or -address/128, an IPv6 address";
        }

        (remove ? peer.Unpin : peer.Pin).Add(address);
        return null;
    }

    private static bool TryParseAddress(ReadOnlySpan<char> text, out UInt128 address)
    {
        bool ok = IpPrefix.TryParse(text, out IpPrefix prefix) && !prefix.IsIPv4 && prefix.Length == 128;
        address = prefix.Address;
        return ok;
    }

    private void Fail(string key, string value, int errno, string reason)
    {
        Error ??= new UapiError(_line, key, value, errno, reason);
        Abandon();
    }

    // What a client sent goes to a log only as one short line.
    private static string Printable(ReadOnlySpan<char> text)
    {
        const int Shown = 80;
        var printable = new StringBuilder(Math.Min(text.Length, Shown) + 3);
        foreach (char c in text[..Math.Min(text.Length, Shown)])
        {
            _ = printable.Append(c is >= ' ' and <= '~' ? c : '?');
        }

        return (text.Length > Shown ? printable.Append("...") : printable).ToString();
    }
}
