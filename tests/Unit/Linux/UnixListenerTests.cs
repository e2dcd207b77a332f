using System.Globalization;
using System.Net.Sockets;
using WgNet.Linux;
using Xunit;

namespace WgNet.Unit.Linux;

public sealed class UnixListenerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wgt").FullName;

    private string Path => System.IO.Path.Combine(_folder, "wg0.sock");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // wg(8) removes a control socket that refuses it.
    [Fact]
    public void Open_WhileSomebodyTriesToConnect_RefusesNobody()
    {
        for (int i = 0; i < 2000; i++)
        {
            using var ready = new ManualResetEventSlim();
            SocketError first = SocketError.Success;
            var prober = new Thread(() =>
            {
                ready.Set();
                do
                {
                    first = Connect();
                }
                while (first == SocketError.AddressNotAvailable);
            });
            prober.Start();
            ready.Wait(TestContext.Current.CancellationToken);
            using (Socket listener = UnixListener.Open(Path, backlog: 4))
            {
                prober.Join();
                Assert.Equal(SocketError.Success, first);
                Assert.Equal([Path], Directory.GetFileSystemEntries(_folder));
            }

            File.Delete(Path);
        }
    }

    [Fact]
    public void Open_WhereSomebodyListens_SaysSoAndLeavesHim()
    {
        using Socket first = UnixListener.Open(Path, backlog: 4);

        LinuxException taken = Assert.Throws<LinuxException>(() => UnixListener.Open(Path, backlog: 4));

        Assert.Equal(("bind", Errno.EADDRINUSE), (taken.Call, taken.Errno));
        Assert.Equal(SocketError.Success, Connect());
        Assert.Equal([Path], Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Open_WhereAnotherFileIs_LeavesIt()
    {
        File.WriteAllText(Path, "mine");

        Assert.Equal(Errno.EADDRINUSE, Assert.Throws<LinuxException>(() => UnixListener.Open(Path, backlog: 4)).Errno);

        Assert.Equal("mine", File.ReadAllText(Path));
    }

    [Fact]
    public void Open_WhereTheOtherNameIsSomebodysFile_LeavesIt()
    {
        string other = string.Create(CultureInfo.InvariantCulture, $"{Path}.{Environment.ProcessId}");
        File.WriteAllText(other, "mine");

        Assert.Equal(Errno.EADDRINUSE, Assert.Throws<LinuxException>(() => UnixListener.Open(Path, backlog: 4)).Errno);

        Assert.Equal("mine", File.ReadAllText(other));
    }

    [Theory]
    [InlineData(107)]
    [InlineData(100)]
    public void Open_AtTheLongestPaths_Listens(int length)
    {
        string path = System.IO.Path.Combine(_folder, new string('x', length - _folder.Length - 1));
        using Socket listener = UnixListener.Open(path, backlog: 4);

        Assert.Equal([path], Directory.GetFileSystemEntries(_folder));
    }

    private SocketError Connect()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(Path));
            return SocketError.Success;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
    }
}
