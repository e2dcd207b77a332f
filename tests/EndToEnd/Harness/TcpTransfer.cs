using System.Net;
using System.Net.Sockets;

namespace WgNet.EndToEnd.Harness;

/// <summary>
/// Bytes through a TCP connection between two hosts, each one compared at the far end. Block k is a window of one random
/// buffer that starts at k, so that a block that is lost, repeated or swapped shows as surely as a flipped bit.
/// </summary>
public static class TcpTransfer
{
    public const int HundredMegabytes = 100 << 20;

    private const int BlockSize = 1 << 20;

    private static readonly byte[] Pattern = RandomPattern();

    public static void Run(Host from, Host to, string toAddress, int bytes = HundredMegabytes, int timeoutSeconds = 120)
    {
        IPAddress address = IPAddress.Parse(toAddress);
        using Socket listener = to.Namespace.Enter(() =>
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, 0));
            socket.Listen(1);
            return socket;
        });
        Task<bool> sent = from.Namespace.EnterAsync(() =>
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(listener.LocalEndPoint!);
            Send(socket, bytes);
            return true;
        });
        Task<bool> received = to.Namespace.EnterAsync(() =>
        {
            using Socket socket = listener.Accept();
            Receive(socket, bytes);
            return true;
        });
        if (!Task.WhenAll(sent, received).Wait(TimeSpan.FromSeconds(timeoutSeconds)))
        {
            Assert.Fail($"{bytes} bytes to {toAddress} took more than {timeoutSeconds} s");
        }
    }

    private static void Send(Socket socket, int bytes)
    {
        for (int sent = 0, block = 0; sent < bytes; block++)
        {
            sent += socket.Send(Block(block, bytes - sent));
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    private static void Receive(Socket socket, int bytes)
    {
        byte[] buffer = new byte[BlockSize];
        for (int received = 0, block = 0; received < bytes; block++)
        {
            ReadOnlySpan<byte> expected = Block(block, bytes - received);
            Span<byte> actual = buffer.AsSpan(0, expected.Length);
            ReceiveExactly(socket, actual);
            Assert.True(expected.SequenceEqual(actual), $"block {block} differs");
            received += expected.Length;
        }

        Assert.Equal(0, socket.Receive(buffer));
    }

    private static void ReceiveExactly(Socket socket, Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            int count = socket.Receive(destination);
            Assert.NotEqual(0, count);
            destination = destination[count..];
        }
    }

    private static ReadOnlySpan<byte> Block(int number, int left) => Pattern.AsSpan(number % BlockSize, Math.Min(BlockSize, left));

    private static byte[] RandomPattern()
    {
        byte[] pattern = new byte[2 * BlockSize];
        new Random(2).NextBytes(pattern);
        return pattern;
    }
}
