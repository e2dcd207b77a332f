using System.Buffers;
using WgNet.Device;
using WgNet.Routing;
using static WgNet.Uapi.UapiLine;

namespace WgNet.Uapi;

/// <summary>Writes a <see cref="DeviceUpdate"/> as a <c>set=1</c> request, its blank line included: what <see cref="UapiSetParser"/> reads.</summary>
public static class UapiSetWriter
{
    /// <param name="extensions">Whether the receiver is WgNet, which alone takes WgNet's own keys; others refuse what they do not know.</param>
    /// <param name="explain">Whether WgNet is to say what it refuses, and why, before the errno.</param>
    public static void Write(DeviceUpdate update, IBufferWriter<byte> output, bool extensions = true, bool explain = false)
    {
        output.Write("set=1\n"u8);
        WriteFlag(output, "explain"u8, explain);
        if (update.PrivateKey is not null)
        {
            WriteHex(output, "private_key"u8, update.PrivateKey);
        }

        if (update.ListenPort is { } port)
        {
            UapiLine.Write(output, "listen_port"u8, port);
        }

        if (update.FirewallMark is { } mark)
        {
            UapiLine.Write(output, "fwmark"u8, mark);
        }

        if (extensions)
        {
            WriteKeyFile(output, "private_key_file"u8, update.PrivateKeyFile, update.PrivateKey);
            WriteInterfaceExtensions(update, output);
        }

        WriteFlag(output, "replace_peers"u8, update.ReplacePeers);
        foreach (PeerUpdate peer in update.Peers)
        {
            WritePeer(peer, output, extensions);
        }

        output.Write("\n"u8);
    }

    private static void WriteInterfaceExtensions(DeviceUpdate update, IBufferWriter<byte> output)
    {
        if (update.Workers is { } workers)
        {
            UapiLine.Write(output, "workers"u8, workers);
        }

        if (update.MetricsListen is { } address)
        {
            UapiLine.Write(output, "metrics_listen"u8, address.ToString());
        }

        if (update.StateFile is { } keep)
        {
            UapiLine.Write(output, "state_file"u8, keep ? "on" : "off");
        }
    }

    private static void WritePeer(PeerUpdate peer, IBufferWriter<byte> output, bool extensions)
    {
        UapiLine.Write(output, "public_key"u8, peer.PublicKey);
        WriteFlag(output, "update_only"u8, peer.UpdateOnly);
        WriteFlag(output, "remove"u8, peer.Remove);
        if (peer.Remove)
        {
            return;
        }

        if (peer.PresharedKey is not null)
        {
            WriteHex(output, "preshared_key"u8, peer.PresharedKey);
        }

        if (extensions)
        {
            WriteKeyFile(output, "preshared_key_file"u8, peer.PresharedKeyFile, peer.PresharedKey);
        }

        if (peer.Endpoint is not null)
        {
            UapiLine.Write(output, "endpoint"u8, peer.Endpoint.ToString());
        }

        // An endpoint line alone already removes the name.
        if (extensions && (peer.EndpointHost is { Length: > 0 } || (peer.EndpointHost is not null && peer.Endpoint is null)))
        {
            UapiLine.Write(output, "endpoint_host"u8, peer.EndpointHost);
        }

        if (peer.PersistentKeepalive is { } seconds)
        {
            UapiLine.Write(output, "persistent_keepalive_interval"u8, seconds);
        }

        WriteFlag(output, "replace_allowed_ips"u8, peer.ReplaceAllowedIps);
        WritePrefixes(output, "allowed_ip"u8, peer.AllowedIps);
        if (extensions)
        {
            WriteLearning(peer, output);
        }
    }

    private static void WriteLearning(PeerUpdate peer, IBufferWriter<byte> output)
    {
        if (peer.LearnLimit is { } limit)
        {
            UapiLine.Write(output, "learn_limit"u8, limit);
        }

        if (peer.LearnTimeoutSeconds is { } timeout)
        {
            UapiLine.Write(output, "learn_timeout_sec"u8, timeout);
        }

        WriteFlag(output, "replace_learnable_ips"u8, peer.ReplaceLearnableIps);
        WritePrefixes(output, "learnable_ip"u8, peer.LearnableIps);
        WriteAddresses(output, "learned_ip"u8, "-", peer.ForgetLearned);
        WriteAddresses(output, "pinned_ip"u8, "-", peer.Unpin);
        WriteAddresses(output, "pinned_ip"u8, "", peer.Pin);
    }

    /// <summary>Whether the path needs a line of its own: a key alone already removes it.</summary>
    internal static bool IsKeyFileSaid(string? path, byte[]? secret) => path is { Length: > 0 } || (path is not null && secret is null);

    private static void WriteKeyFile(IBufferWriter<byte> output, ReadOnlySpan<byte> key, string? path, byte[]? secret)
    {
        if (IsKeyFileSaid(path, secret))
        {
            UapiLine.Write(output, key, path);
        }
    }

    private static void WriteAddresses(IBufferWriter<byte> output, ReadOnlySpan<byte> key, string sign, List<UInt128> addresses)
    {
        foreach (UInt128 address in addresses)
        {
            UapiLine.Write(output, key, sign + new IpPrefix(address, 128, isIPv4: false));
        }
    }

    private static void WritePrefixes(IBufferWriter<byte> output, ReadOnlySpan<byte> key, List<PrefixUpdate> prefixes)
    {
        foreach (PrefixUpdate update in prefixes)
        {
            UapiLine.Write(output, key, update.Remove ? "-" + update.Prefix : update.Prefix.ToString());
        }
    }

    private static void WriteFlag(IBufferWriter<byte> output, ReadOnlySpan<byte> key, bool value)
    {
        if (value)
        {
            UapiLine.Write(output, key, "true");
        }
    }
}
