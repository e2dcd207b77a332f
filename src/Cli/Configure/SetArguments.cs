using WgNet.Device;
using WgNet.Protocol;
using WgNet.Uapi;
using WgNet.Udp;

namespace WgNet.Cli.Configure;

/// <summary>
/// The words after <c>wgnet set &lt;interface&gt;</c>: wg(8)'s, and WgNet's own. Settings of the interface come before the
/// first <c>peer</c>; each <c>peer</c> begins another one.
/// </summary>
internal ref struct SetArguments
{
    public const string Synopsis = "[listen-port <port>] [fwmark <mark>] [private-key <file>] [workers <threads>] [metrics-listen <where>] [state-file on|off] [peer <public key> [remove] "
        + "[preshared-key <file>] [endpoint <host>:<port>] [persistent-keepalive <seconds>] "
        + "[allowed-ips [+|-]<address>/<length>[,...]] [learnable-ips [+|-]<address>/<length>[,...]] "
        + "[learn-limit <addresses>] [learn-timeout <time>]]...";

    private const string Remove = "remove", Peer = "peer";

    private static readonly string[] InterfaceWords = ["listen-port", "fwmark", "private-key", "workers", "metrics-listen", "state-file"];

    private static readonly string[] PeerWords =
        [Remove, "preshared-key", "endpoint", "persistent-keepalive", "allowed-ips", "learnable-ips", "learn-limit", "learn-timeout"];

    private readonly DeviceUpdate _update = new();
    private readonly Action<string> _warn;
    private ReadOnlySpan<string> _rest;
    private PeerUpdate? _peer;

    private SetArguments(ReadOnlySpan<string> arguments, Action<string> warn)
    {
        _rest = arguments;
        _warn = warn;
    }

    /// <summary>The caller wipes the keys in it. Names of endpoints are not looked up.</summary>
    /// <param name="warn">Told what was taken but may not be meant.</param>
    /// <exception cref="CommandException">Something in it is wrong; says what, as wg(8) does, and what would be right.</exception>
    public static DeviceUpdate Read(ReadOnlySpan<string> arguments, Action<string> warn)
    {
        var reader = new SetArguments(arguments, warn);
        try
        {
            while (!reader._rest.IsEmpty)
            {
                reader.Next();
            }

            return reader._update;
        }
        catch
        {
            reader._update.Wipe();
            throw;
        }
    }

    private void Next()
    {
        string word = _rest[0];
        if (_peer is not null && word == Remove)
        {
            _peer.Remove = true;
            _rest = _rest[1..];
            return;
        }

        bool known = word == Peer || (_peer is null ? InterfaceWords : PeerWords).Contains(word);
        if (!known)
        {
            throw Invalid(word, Suggestion(word));
        }

        if (_rest.Length < 2)
        {
            throw Invalid(word, "its value is missing");
        }

        string value = _rest[1];
        _rest = _rest[2..];
        if (word == Peer)
        {
            _peer = new PeerUpdate(ReadKey(value));
            _update.Peers.Add(_peer);
        }
        else if (_peer is null)
        {
            TakeInterface(word, value);
        }
        else
        {
            TakePeer(_peer, word, value);
        }
    }

    private readonly void TakeInterface(string word, string value)
    {
        switch (word)
        {
            case "listen-port":
                _update.ListenPort = SettingText.TryParsePort(value, out ushort port) ? port
                    : throw new CommandException($"Port is not 0-65535: `{value}'");
                break;
            case "fwmark":
                _update.FirewallMark = SettingText.TryParseMark(value, out uint mark) ? mark
                    : throw new CommandException($"Fwmark is neither 0/off nor 0-0xffffffff: `{value}'");
                break;
            case "private-key":
                _update.PrivateKey.Wipe();
                _update.PrivateKey = ReadKeyFile("private", value);
                break;
            case "workers":
                _update.Workers = SettingText.TryParsePort(value, out ushort workers) && workers <= WorkerCount.Most ? workers
                    : throw new CommandException($"Workers are not 0-{WorkerCount.Most}: `{value}'");
                break;
            case "state-file":
                _update.StateFile = value is "on" or "off" ? value is "on" : throw new CommandException($"State file is neither on nor off: `{value}'");
                break;
            default:
                _update.MetricsListen = MetricsAddress.TryParse(value, out MetricsAddress? address) ? address
                    : throw new CommandException($"Unable to parse where to serve metrics: `{value}'; {MetricsAddress.Expected}");
                break;
        }
    }

    private readonly void TakePeer(PeerUpdate peer, string word, string value)
    {
        switch (word)
        {
            case "preshared-key":
                peer.PresharedKey.Wipe();
                peer.PresharedKey = ReadKeyFile("preshared", value);
                break;
            case "endpoint":
                TakeEndpoint(peer, value);
                break;
            case "persistent-keepalive":
                peer.PersistentKeepalive = SettingText.TryParseKeepalive(value, out ushort seconds) ? seconds
                    : throw new CommandException($"Persistent keepalive interval is neither 0/off nor 1-65535: `{value}'");
                break;
            case "allowed-ips":
                peer.ReplaceAllowedIps = TakePrefixes(peer.AllowedIps, "AllowedIP", value);
                break;
            case "learnable-ips":
                peer.ReplaceLearnableIps = TakePrefixes(peer.LearnableIps, "LearnableIP", value);
                break;
            case "learn-limit":
                peer.LearnLimit = SettingText.TryParseLimit(value, out int limit) ? limit
                    : throw new CommandException($"Learn limit is not 0-{LearnSettings.MaxLimit}: `{value}'");
                break;
            default:
                peer.LearnTimeoutSeconds = SettingText.TryParseDuration(value, out long timeout) ? timeout
                    : throw new CommandException($"Learn timeout is not a time: `{value}'; expected {SettingText.DurationExpected}");
                break;
        }
    }

    // As in wg(8), the last list of several says whether all of them replace.
    private readonly bool TakePrefixes(List<PrefixUpdate> prefixes, string what, string value)
    {
        bool replace = true;
        int before = prefixes.Count;
        Action<string> warn = _warn;
        string compact = string.Concat(value.Where(c => !char.IsWhiteSpace(c)));
        string? wrong = SettingText.ReadPrefixes(compact, prefixes, ref replace, prefix => warn(SettingText.HostBitsWarning(prefix)));
        if (wrong is not null)
        {
            string hint = EndpointName.IsEndpoint(wrong) ? "it is an outside address with a port, which belongs to endpoint" : "expected address/length, such as 10.0.0.0/8 or fd00::/64";
            throw new CommandException($"{what} is not in the correct format: `{wrong}'; {hint}");
        }

        if (what == "LearnableIP" && prefixes.FindIndex(before, update => !update.Remove && SettingText.WhyNotLearnable(update.Prefix) is not null) is >= 0 and int first)
        {
            throw new CommandException($"LearnableIP cannot be learned: `{prefixes[first].Prefix}' is {SettingText.WhyNotLearnable(prefixes[first].Prefix)}");
        }

        return replace;
    }

    private static void TakeEndpoint(PeerUpdate peer, string value)
    {
        bool isAddress = Endpoint.TryParse(value, out Endpoint? endpoint);
        if (!EndpointName.IsEndpoint(value))
        {
            (string reason, string expected) = EndpointName.Explain(value);
            throw new CommandException($"Unable to parse endpoint: `{value}': {reason}; expected {expected}");
        }

        peer.Endpoint = endpoint;
        peer.EndpointHost = isAddress ? "" : value;
    }

    private static PublicKey ReadKey(string value) => PublicKey.TryParseBase64(value, out PublicKey key) ? key
        : throw new CommandException($"Key is not the correct length or format: `{value}'; expected 44 characters of base64, as wgnet pubkey prints them");

    private static byte[] ReadKeyFile(string which, string path)
    {
        if (KeyFile.IsKey(path))
        {
            throw new CommandException($"{which}-key takes the file that holds the key, so that the key is not seen in the list of processes: it was given the key itself");
        }

        try
        {
            return KeyFile.Read(path);
        }
        catch (Exception e) when (KeyAccess.IsFailure(e))
        {
            throw new CommandException($"{(path.Length == 0 ? "an empty path" : Path.GetFullPath(path))}: cannot read the {which} key: {KeyAccess.Explain(path, e)}");
        }
    }

    private readonly string Suggestion(string word)
    {
        if (_peer is null ? PeerWords.Contains(word) : InterfaceWords.Contains(word))
        {
            return _peer is null ? "it belongs to a peer: peer <public key> comes before it" : "it is the interface's and comes before the first peer";
        }

        string[] known = [.. _peer is null ? InterfaceWords : PeerWords, Peer];
        return NearMiss.Of(word, known) is { } near ? $"did you mean {near}?" : $"expected one of {string.Join(", ", known)}";
    }

    private static CommandException Invalid(string word, string hint) => new($"Invalid argument: {word}; {hint}");
}
