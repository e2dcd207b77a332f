using System.Buffers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using WgNet.Device;
using WgNet.Linux;

namespace WgNet.Uapi;

/// <summary>Asks and configures a running interface through its control socket, WgNet's or another implementation's.</summary>
public static class UapiClient
{
    private const int FirstReadSize = 16 * 1024;

    // Bytes; some ten million prefixes. What answers with more is no device.
    private const int MaxAnswerSize = 1 << 29;

    /// <summary>The interface as it is. The caller wipes the keys in it.</summary>
    /// <param name="patience">How long to wait for the next part of the answer; null for as long as it takes.</param>
    /// <exception cref="UapiException">No such interface, no permission, or no sensible answer.</exception>
    public static DeviceSnapshot Get(string interfaceName, TimeSpan? patience = null)
    {
        using Socket socket = Connect(interfaceName, patience);
        byte[] answer = Ask(socket, interfaceName, "get=1\n\n"u8, out int length);
        try
        {
            return UapiGetReader.Read(answer.AsSpan(0, length));
        }
        finally
        {
            answer.Wipe();
        }
    }

    /// <summary>
    /// Applies the update, as a whole where the device is WgNet's; does not wipe it. Of what only WgNet knows, another implementation
    /// is not told what follows from the rest (an endpoint's name, a key's file), and what was asked for is refused.
    /// </summary>
    /// <exception cref="UapiException">No such interface, no permission, or the update was refused.</exception>
    public static void Set(string interfaceName, DeviceUpdate update)
    {
        // Asked only where it matters: a device with many prefixes has much to say.
        bool extensions = HasExtensions(update) && IsWgNet(interfaceName);
        if (!extensions && FirstDemand(update) is { } demand)
        {
            throw new UapiException($"{interfaceName}: another implementation runs it, which has no {demand}", Errno.EOPNOTSUPP);
        }

        try
        {
            Send(interfaceName, update, extensions, explain: false);
        }
        catch (UapiException refusal) when (refusal.RefusedKey is not null && IsWgNet(interfaceName))
        {
            // Nothing has changed, so that it may be asked again: for a reason, which stock programs could not read.
            Send(interfaceName, update, extensions, explain: true);
        }
    }

    private static void Send(string interfaceName, DeviceUpdate update, bool extensions, bool explain)
    {
        using Socket socket = Connect(interfaceName);
        var request = new ArrayBufferWriter<byte>();
        UapiSetWriter.Write(update, request, extensions, explain);
        byte[] answer = [];
        try
        {
            answer = Ask(socket, interfaceName, request.WrittenSpan, out int length);
            _ = UapiGetReader.Read(answer.AsSpan(0, length));
        }
        catch (UapiException e) when (answer.Length > 0)
        {
            string reason = e.RefusedReason ?? Marshal.GetPInvokeErrorMessage(e.Errno);
            throw new UapiException($"{interfaceName}: the configuration was refused: {reason}", e.Errno)
            {
                RefusedKey = e.RefusedKey ?? "",
                RefusedReason = e.RefusedReason,
            };
        }
        finally
        {
            request.Clear();
        }
    }

    /// <summary>Whether WgNet runs it.</summary>
    /// <exception cref="UapiException">It does not answer.</exception>
    internal static bool IsWgNet(string interfaceName)
    {
        DeviceSnapshot device = Get(interfaceName);
        device.Wipe();
        return device.WgNetVersion is not null;
    }

    // Whether anything in it would be written that only WgNet reads.
    private static bool HasExtensions(DeviceUpdate update) => update.Workers is not null || update.MetricsListen is not null || update.StateFile is not null
        || UapiSetWriter.IsKeyFileSaid(update.PrivateKeyFile, update.PrivateKey) || FirstDemand(update) is not null
        || update.Peers.Exists(peer => peer.EndpointHost is { Length: > 0 } || UapiSetWriter.IsKeyFileSaid(peer.PresharedKeyFile, peer.PresharedKey) || peer.ReplaceLearnableIps);

    // What other implementations cannot do and cannot pass over.
    private static string? FirstDemand(DeviceUpdate update) =>
        update.Workers is not null and not WorkerCount.Automatic ? "workers"
        : update.MetricsListen is not null && update.MetricsListen != MetricsAddress.Off ? "metrics"
        : update.Peers.Exists(peer => peer.LearnableIps.Count > 0 || peer.LearnLimit is not null || peer.LearnTimeoutSeconds is not null) ? "learnable addresses"
        : update.Peers.Exists(peer => peer.ForgetLearned.Count + peer.Pin.Count + peer.Unpin.Count > 0) ? "learned addresses"
        : null;

    internal static Socket Connect(string interfaceName, TimeSpan? patience = null)
    {
        string path = UapiListener.SocketPath(interfaceName);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

        // Milliseconds; 0 is without end. Connecting counts as sending.
        socket.SendTimeout = socket.ReceiveTimeout = (int)(patience?.TotalMilliseconds ?? 0);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return socket;
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            socket.Dispose();
            throw Unreachable(interfaceName, path, e);
        }
    }

    private static UapiException Unreachable(string interfaceName, string path, Exception cause) =>
        (cause as SocketException)?.SocketErrorCode switch
        {
            SocketError.AccessDenied => new($"{interfaceName}: no permission to use {path}; root is needed", Errno.EACCES),
            SocketError.ConnectionRefused => new($"{interfaceName}: not running; {path} was left behind by a process that has ended", Errno.ECONNREFUSED),
            _ when !File.Exists(path) => new($"{interfaceName}: {UnknownInterface.Explain(KindOf(interfaceName), path)}", Errno.ENODEV),
            _ => new($"{interfaceName}: {path}: {cause.Message}", Errno.EIO),
        };

    private static string? KindOf(string interfaceName)
    {
        try
        {
            using var netlink = new RouteNetlink();
            return netlink.FindLink(interfaceName)?.Kind;
        }
        catch (Exception e) when (e is LinuxException or ArgumentException)
        {
            // Only the explanation would be better with it.
            return null;
        }
    }

    // One request, and everything up to the blank line that ends its answer. The caller wipes the result.
    private static byte[] Ask(Socket socket, string interfaceName, ReadOnlySpan<byte> request, out int length)
    {
        byte[] answer = new byte[FirstReadSize];
        length = 0;
        try
        {
            for (int sent = 0; sent < request.Length;)
            {
                sent += socket.Send(request[sent..]);
            }

            while (!answer.AsSpan(0, length).EndsWith("\n\n"u8))
            {
                int read = socket.Receive(answer.AsSpan(length));
                if (read == 0)
                {
                    throw new UapiException($"{interfaceName}: the device closed the connection without an answer", Errno.EPROTO);
                }

                length += read;
                if (length > MaxAnswerSize)
                {
                    answer.Wipe();
                    throw new UapiException($"{interfaceName}: the answer of the device has no end", Errno.EPROTO);
                }

                answer = Grown(answer, length);
            }

            return answer;
        }
        catch (SocketException e)
        {
            answer.Wipe();
            throw new UapiException($"{interfaceName}: {e.Message}", Errno.EIO);
        }
    }

    private static byte[] Grown(byte[] buffer, int used)
    {
        if (used < buffer.Length)
        {
            return buffer;
        }

        byte[] larger = new byte[buffer.Length * 2];
        buffer.CopyTo(larger, 0);
        buffer.Wipe();
        return larger;
    }
}
