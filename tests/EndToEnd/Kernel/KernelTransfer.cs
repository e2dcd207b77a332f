using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace WgNet.EndToEnd.Kernel;

/// <summary>Random bytes through a TCP connection between the host and the guest, compared where they arrive.</summary>
internal static class KernelTransfer
{
    private const int Size = 8 << 20;
    private const int Port = 5001;
    private const string GuestFile = "/tmp/transfer";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>To the guest, and then what it has back again.</summary>
    public static void RunBothWays(KernelGuest guest, string guestAddress)
    {
        byte[] bytes = new byte[Size];
        new Random(7).NextBytes(bytes);
        Send(guest, guestAddress, bytes);
        Assert.Equal(Digest(guest.Lab, bytes), guest.Run("sha256sum <" + GuestFile), StringComparer.Ordinal);
        Assert.True(Receive(guest, guestAddress).AsSpan().SequenceEqual(bytes), "what came back is not what was sent");
    }

    private static void Send(KernelGuest guest, string address, byte[] bytes)
    {
        guest.Run($"nc -l -p {Port} >{GuestFile} &");
        using Socket socket = Connect(guest.Host, address);
        socket.Send(bytes);
        socket.Shutdown(SocketShutdown.Send);

        // Its own direction it may close at once, since it has nothing to say.
        string size = Size.ToString(CultureInfo.InvariantCulture);
        Wait.Until(() => guest.Run("wc -c <" + GuestFile).Trim() == size, Timeout, "the guest has not received all");
    }

    private static byte[] Receive(KernelGuest guest, string address)
    {
        guest.Run($"nc -l -p {Port} <{GuestFile} &");
        using Socket socket = Connect(guest.Host, address);
        using var received = new MemoryStream();
        using var stream = new NetworkStream(socket);
        stream.CopyTo(received);
        return received.ToArray();
    }

    private static Socket Connect(Host host, string address)
    {
        var end = new IPEndPoint(IPAddress.Parse(address), Port);
        Socket? connected = null;
        Wait.Until(() => (connected = TryConnect(host, end)) is not null, Timeout, $"nobody listens at {end}");
        return connected!;
    }

    // Refused until the guest's nc listens.
    private static Socket? TryConnect(Host host, IPEndPoint end)
    {
        Socket socket = host.Namespace.Enter(() => new Socket(end.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
        {
            SendTimeout = (int)Timeout.TotalMilliseconds,
            ReceiveTimeout = (int)Timeout.TotalMilliseconds,
        });
        try
        {
            socket.Connect(end);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    // As sha256sum prints what it reads from its input, so that both lines are the same.
    private static string Digest(Lab lab, byte[] bytes)
    {
        string file = Path.Combine(lab.Folder, "transfer");
        File.WriteAllBytes(file, bytes);
        return Command.Run("sha256sum", file).Replace(file, "-", StringComparison.Ordinal);
    }
}
