using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using WgNet.Device;
using WgNet.Routing;
using static WgNet.Uapi.UapiLine;

namespace WgNet.Uapi;

/// <summary>
/// Writes the answer to <c>get=1</c>, without its <c>errno</c>. Flushes as it goes, so that a device with many prefixes and a
/// client that reads slowly cost one buffer and not the whole text.
/// </summary>
public static class UapiGetWriter
{
    private const int FlushThreshold = 16 * 1024;

    private static readonly byte[] NoKey = new byte[UapiValue.KeySize];

    public static async ValueTask WriteAsync(DeviceSnapshot device, PipeWriter output, CancellationToken cancellationToken)
    {
        WriteDevice(device, output);
        foreach (PeerSnapshot peer in device.Peers)
        {
            WritePeer(peer, output);
            foreach (IpPrefix prefix in peer.AllowedIps)
            {
                Write(output, "allowed_ip"u8, prefix.ToString());
                await FlushIfFullAsync(output, cancellationToken);
            }

            WriteLearning(peer, output);
            foreach (LearnedAddressSnapshot learned in peer.LearnedAddresses)
            {
                Write(output, "learned_ip"u8, new IpPrefix(learned.Address, 128, isIPv4: false).ToString());
                Write(output, "learned_age_sec"u8, learned.AgeSeconds);
                Write(output, "learned_first_seen_sec"u8, learned.FirstSeenSeconds);
                Write(output, "learned_packets"u8, learned.Packets);
                if (learned.IsPinned)
                {
                    Write(output, "learned_pinned"u8, "true");
                }

                await FlushIfFullAsync(output, cancellationToken);
            }

            await FlushIfFullAsync(output, cancellationToken);
        }
    }

    private static void WriteDevice(DeviceSnapshot device, IBufferWriter<byte> output)
    {
        if (device.PrivateKey is not null)
        {
            WriteHex(output, "private_key"u8, device.PrivateKey);
        }

        if (device.ListenPort != 0)
        {
            Write(output, "listen_port"u8, device.ListenPort);
        }

        if (device.FirewallMark != 0)
        {
            Write(output, "fwmark"u8, device.FirewallMark);
        }

        // WgNet's own from here on; the first says whose they are.
        if (device.WgNetVersion is not null)
        {
            Write(output, "wgnet_version"u8, device.WgNetVersion);
        }

        if (device.PrivateKeyFile is not null)
        {
            Write(output, "private_key_file"u8, device.PrivateKeyFile);
        }

        if (device.Workers != WorkerCount.Automatic)
        {
            Write(output, "workers"u8, device.Workers);
        }

        if (device.MetricsListen is not null)
        {
            Write(output, "metrics_listen"u8, device.MetricsListen.ToString());
        }

        if (!device.StateFile)
        {
            Write(output, "state_file"u8, "off");
        }

        if (device.StateFileFailures > 0)
        {
            Write(output, "state_file_failures"u8, device.StateFileFailures);
        }

        WriteDrops(device.Drops, output);
    }

    private static void WritePeer(PeerSnapshot peer, IBufferWriter<byte> output)
    {
        const long NanosecondsPerSecond = 1_000_000_000;
        Write(output, "public_key"u8, peer.PublicKey);
        WriteHex(output, "preshared_key"u8, peer.PresharedKey ?? NoKey);
        Write(output, "protocol_version"u8, 1);
        if (peer.Endpoint is not null)
        {
            Write(output, "endpoint"u8, peer.Endpoint.ToString());
        }

        Write(output, "last_handshake_time_sec"u8, peer.LastHandshakeWallTime / NanosecondsPerSecond);
        Write(output, "last_handshake_time_nsec"u8, peer.LastHandshakeWallTime % NanosecondsPerSecond);
        Write(output, "tx_bytes"u8, peer.SentBytes);
        Write(output, "rx_bytes"u8, peer.ReceivedBytes);
        Write(output, "persistent_keepalive_interval"u8, peer.PersistentKeepalive);
    }

    // After everything that wg(8) knows: it passes over these.
    private static void WriteLearning(PeerSnapshot peer, IBufferWriter<byte> output)
    {
        if (peer.PresharedKeyFile is not null)
        {
            Write(output, "preshared_key_file"u8, peer.PresharedKeyFile);
        }

        if (!string.IsNullOrEmpty(peer.EndpointHost))
        {
            Write(output, "endpoint_host"u8, peer.EndpointHost);
            if (peer.EndpointHostFailures > 0)
            {
                Write(output, "endpoint_host_failures"u8, peer.EndpointHostFailures);
            }
        }

        Write(output, "learn_limit"u8, peer.LearnLimit);
        Write(output, "learn_timeout_sec"u8, peer.LearnTimeoutSeconds);
        WriteDrops(peer.Drops, output);
        foreach (IpPrefix prefix in peer.LearnableIps)
        {
            Write(output, "learnable_ip"u8, prefix.ToString());
        }
    }

    private static void WriteDrops(List<(string Reason, long Count)> drops, IBufferWriter<byte> output)
    {
        foreach ((string reason, long count) in drops)
        {
            Write(output, Encoding.ASCII.GetBytes("drop_" + reason), count);
        }
    }

    private static async ValueTask FlushIfFullAsync(PipeWriter output, CancellationToken cancellationToken)
    {
        if (output.UnflushedBytes >= FlushThreshold)
        {
            _ = await output.FlushAsync(cancellationToken);
        }
    }
}
