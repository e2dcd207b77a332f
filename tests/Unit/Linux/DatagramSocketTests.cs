using System.Net;
using WgNet.Linux;
using Xunit;

namespace WgNet.Unit.Linux;

public sealed class DatagramSocketTests
{
    [Fact]
    public void Receive_NothingThere_IsEagain()
    {
        using var socket = DatagramSocket.Open(isIPv4: true);
        using var messages = new MessageVector(1);
        using var buffer = new NativeBuffer(100);
        socket.Bind(IPAddress.Loopback, 0);
        messages.PrepareReceive(0, buffer, 0, 100);
        Assert.Equal(-Errno.EAGAIN, socket.Receive(messages, 1));
    }

    [Fact]
    public void Calls_AfterDispose_AreRefused()
    {
        var socket = DatagramSocket.Open(isIPv4: true);
        using var messages = new MessageVector(1);
        socket.Dispose();
        socket.Dispose();
        Assert.Equal(-Errno.EBADF, socket.Receive(messages, 1));
        Assert.Equal(-Errno.EBADF, socket.Send(messages, 0, 1));
        Assert.Equal(-Errno.EBADF, socket.Receive(messages, 1));
    }

    // Were it closed under a call, its number would go to the file, and that call would say ENOTSOCK.
    [Fact]
    public void Dispose_WhileThreadsReceiveAndSend_ClosesOnceAfterTheLast()
    {
        for (int round = 0; round < 200; round++)
        {
            var socket = DatagramSocket.Open(isIPv4: true);
            socket.Bind(IPAddress.Loopback, 0);
            string inode = new FileInfo($"/proc/self/fd/{socket.Fd}").LinkTarget!;
            using var started = new CountdownEvent(3);
            int[] last = new int[3];
            Thread[] threads = [.. Enumerable.Range(0, last.Length).Select(i => new Thread(() => last[i] = UseUntilRefused(socket, started, send: i == 0)))];
            Array.ForEach(threads, thread => thread.Start());
            started.Wait(TestContext.Current.CancellationToken);
            socket.Dispose();
            using FileStream other = File.OpenRead("/dev/null");
            Array.ForEach(threads, thread => thread.Join());
            Assert.All(last, errno => Assert.Equal(Errno.EBADF, errno));
            Assert.DoesNotContain(inode, Directory.EnumerateFiles("/proc/self/fd").Select(file => new FileInfo(file).LinkTarget));
        }
    }

    private static int UseUntilRefused(DatagramSocket socket, CountdownEvent started, bool send)
    {
        using var messages = new MessageVector(1);
        using var buffer = new NativeBuffer(100);
        byte[] name = new byte[SocketName.MaxSize];
        int size = SocketName.Write(name, IPAddress.Loopback, 9);
        bool first = true;
        for (; ; )
        {
            int result;
            if (send)
            {
                messages.PrepareSend(0, buffer, 0, 1, name.AsSpan(0, size));
                result = socket.Send(messages, 0, 1);
            }
            else
            {
                messages.PrepareReceive(0, buffer, 0, 100);
                result = socket.Receive(messages, 1);
            }

            if (first)
            {
                first = false;
                started.Signal();
            }

            if (result < 0 && result is not (-Errno.EAGAIN or -Errno.ECONNREFUSED))
            {
                return -result;
            }
        }
    }
}
