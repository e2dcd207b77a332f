using WgNet.Device;
using WgNet.Routing;
using WgNet.Udp;
using static WgNet.Uapi.UapiSetParser;

namespace WgNet.Uapi;

/// <summary>One line of a <c>set=1</c> behind a <c>public_key</c>: what the key says of the peer.</summary>
internal static class UapiPeerLine
{
    /// <returns>What is wrong, or null.</returns>
    public static string? Take(PeerUpdate peer, ReadOnlySpan<char> key, ReadOnlySpan<char> value)
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
                return TakeExtension(peer, key, value);
        }
    }

    // Not in the cross-platform protocol: learnable_ip, learned_ip and replace_learnable_ips are those of the
    // wireguard-slaac fork of wg(8), the others WgNet's own.
    private static string? TakeExtension(PeerUpdate peer, ReadOnlySpan<char> key, ReadOnlySpan<char> value)
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
}
