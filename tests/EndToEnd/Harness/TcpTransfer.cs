using System.Diagnostics;
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

    /// <summary>Sends so many bytes.</summary>
    public static void Run(Host from, Host to, string toAddress, int bytes = HundredMegabytes, int timeoutSeconds = 120) =>
        Run(from, to, toAddress, sent => Math.Max(0, bytes - sent), TimeSpan.FromSeconds(timeoutSeconds));

    /// <summary>Sends for so long; returns how many bytes that were.</summary>
    public static long RunFor(Host from, Host to, string toAddress, TimeSpan duration)
    {
        long start = Stopwatch.GetTimestamp();
        return Run(from, to, toAddress, _ => Stopwatch.GetElapsedTime(start) < duration ? BlockSize : 0, duration + TimeSpan.FromSeconds(60));
    }

    // How many bytes are left to send, given how many were: that is asked before each block.
    private static long Run(Host from, Host to, string toAddress, Func<long, long> left, TimeSpan timeout)
    {
        IPAddress address = IPAddress.Parse(toAddress);
        using Socket listener = to.Namespace.Enter(() =>
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, 0));
            socket.Listen(1);
            return socket;
        });
        Task<long> sent = from.Namespace.EnterAsync(() =>
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Connect(listener.LocalEndPoint!);
            return Send(socket, left);
        });
        Task<long> received = to.Namespace.EnterAsync(() =>
        {
            using Socket socket = listener.Accept();
            return Receive(socket);
        });
        if (!Task.WhenAll(sent, received).Wait(timeout))
        {
            Assert.Fail($"the transfer to {toAddress} took more than {timeout}");
        }

        Assert.Equal(sent.Result, received.Result);
        return sent.Result;
    }

    private static long Send(Socket socket, Func<long, long> left)
    {
        long sent = 0;
        for (int block = 0; left(sent) is long bytes and not 0; block++)
        {
            sent += socket.Send(Block(block)[..(int)Math.Min(BlockSize, bytes)]);
        }

        socket.Shutdown(SocketShutdown.Send);
        return sent;
    }

    private static long Receive(Socket socket)
    {
        byte[] buffer = new byte[BlockSize];
        long received = 0;
        for (int block = 0; ; block++)
        {
            int count = ReceiveBlock(socket, buffer);
            Assert.True(Block(block)[..count].SequenceEqual(buffer.AsSpan(0, count)), $"block {block} differs");
            received += count;
            if (count < BlockSize)
            {
                return received;
            }
        }
    }

    // A whole block, or what came before the end.
    private static int ReceiveBlock(Socket socket, Span<byte> block)
    {
        int filled = 0;
        while (filled < block.Length && socket.Receive(block[filled..]) is int count and not 0)
        {
            filled += count;
        }

        return filled;
    }

    private static ReadOnlySpan<byte> Block(int number) => Pattern.AsSpan(number % BlockSize, BlockSize);

    private static byte[] RandomPattern()
    {
        byte[] pattern = new byte[2 * BlockSize];
        new Random(2).NextBytes(pattern);
        return pattern;
    }
}
