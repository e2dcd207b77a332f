using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol;

public class AllocationTests
{
    [Fact]
    public void PacketPath_HundredThousandPackets_AllocatesNothing()
    {
        (Side a, Side b) = Side.Connected();
        a.Session.SetPersistentKeepalive(25, 0);
        byte[] datagram = new byte[64 + Keypair.Overhead];
        Pass(a, b, datagram, 1000);

        // The least of three: a packet that allocated would be in each of them. Beside all other tests, five kilobytes for 100,000 packets
        // were counted once, which no packet's are.
        long least = long.MaxValue;
        for (int i = 0; i < 3 && least > 0; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            int delivered = Pass(a, b, datagram, 100_000);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Equal(100_000, delivered);
        }

        Assert.Equal(0, least);
    }

    private static int Pass(Side a, Side b, byte[] datagram, int packets)
    {
        int delivered = 0;
        for (int i = 0; i < packets; i++)
        {
            long now = i * 1000L;
            Keypair sending = a.Session.SendingKeypair(now)!;
            sending.TryReserve(1, out ulong counter);
            sending.Seal(counter, datagram);
            a.Session.DataSent(sending, isKeepalive: false, now);

            TransportMessage.TryReadIndex(datagram, out uint index);
            Keypair receiving = b.Table.FindKeypair(index)!;
            delivered += receiving.TryOpen(datagram, now, out int length) == DropReason.None && length == 64 ? 1 : 0;
            receiving.Session.DataReceived(receiving, withContent: 1, now);
        }

        return delivered;
    }
}
