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

    /// <summary>The interface as it is. The caller wipes the keys in it.</summary>
    /// <exception cref="UapiException">No such interface, no permission, or no sensible answer.</exception>
    public static DeviceSnapshot Get(string interfaceName)
    {
        using Socket socket = Connect(interfaceName);
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

    /// <summary>Applies the update as a whole; does not wipe it.</summary>
    /// <exception cref="UapiException">No such interface, no permission, or the update was refused.</exception>
    public static void Set(string interfaceName, DeviceUpdate update)
    {
        using Socket socket = Connect(interfaceName);
        var request = new ArrayBufferWriter<byte>();
        UapiSetWriter.Write(update, request);
        byte[] answer = [];
        try
        {
            answer = Ask(socket, interfaceName, request.WrittenSpan, out int length);
            _ = UapiGetReader.Read(answer.AsSpan(0, length));
        }
        catch (UapiException e)
        {
            throw new UapiException($"{interfaceName}: the configuration was refused: {Marshal.GetPInvokeErrorMessage(e.Errno)}", e.Errno);
        }
        finally
        {
            request.Clear();
        }
    }

    internal static Socket Connect(string interfaceName)
    {
        string path = UapiListener.SocketPath(interfaceName);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
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
            _ when !File.Exists(path) => new($"{interfaceName}: no such WireGuard interface (there is no {path})", Errno.ENODEV),
            _ => new($"{interfaceName}: {path}: {cause.Message}", Errno.EIO),
        };

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
