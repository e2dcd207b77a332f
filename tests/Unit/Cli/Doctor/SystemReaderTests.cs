using WgNet.Cli.Doctor;
using Xunit;

namespace WgNet.Unit.Cli.Doctor;

public sealed class SystemReaderTests
{
    [Fact]
    public void AddressedByRouters_OfIfInet6_AreThoseWithAGlobalAddressThatEnds() => Assert.Equal(["eth0"], SystemReader.AddressedByRouters("""
        00000000000000000000000000000001 01 80 10 80       lo
        20010db8000100000000000000000001 04 40 00 80      wg0
        20010db8000200000000000000000001 02 40 00 00     eth0
        20010db80002000000000000000000ff 02 40 00 01     eth0
        fe800000000000000000000000000001 03 40 20 00     eth1
        nonsense
        """));

    [Fact]
    public void SocketsAt_OfProcNetUdp_AreThoseOfThePort()
    {
        const string sockets = """
               sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
              123: 00000000:CA6C 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4711 2 0000000000000000 0
              124: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 4712 2 0000000000000000 0
              125: 0100007F:CA6C
            """;

        Assert.Equal([4711ul], SystemReader.SocketsAt(sockets, 51820));
        Assert.Equal([4712ul], SystemReader.SocketsAt(sockets, 53));
        Assert.Empty(SystemReader.SocketsAt(sockets, 5182));
    }
}
