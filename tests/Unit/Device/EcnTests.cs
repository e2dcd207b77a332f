using WgNet.Device;
using WgNet.Udp;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device;

/// <summary>RFC 6040: the outside datagram says what the packet in it says, and brings back what the path did to it.</summary>
public sealed class EcnTests
{
    private const byte NotEct = 0, Ect0 = 2, CongestionExperienced = 3;

    [Theory]
    [InlineData(Ect0, CongestionExperienced)]
    [InlineData(NotEct, NotEct)]
    [InlineData(CongestionExperienced, CongestionExperienced)]
    public void Packet_ThroughACongestedPath_ArrivesMarkedIfItsSenderUnderstands(byte sent, byte arrived)
    {
        CongestedSockets? path = null;
        using var left = new End(openSockets: (port, mark) => path = new CongestedSockets(UdpSockets.Open(port, mark)));
        using var right = new End();
        left.Know(right, peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false)));
        right.Know(left, peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false)));

        // The first one is staged and goes out singly, the second one in a batch.
        for (int i = 0; i < 2; i++)
        {
            left.Tun.Send(PacketWithEcn(sent));
            Assert.Equal(PacketWithEcn(arrived), right.Tun.Receive(Soon));
            Assert.Equal(sent, path!.LastEcn);
        }
    }

    private static byte[] PacketWithEcn(byte ecn)
    {
        byte[] packet = Packet("2001:db8::a", "2001:db8::b");
        packet[1] |= (byte)(ecn << 4);
        return packet;
    }

    /// <summary>A path that marks everything which says that it may be marked, and more: routers that err exist.</summary>
    private sealed class CongestedSockets(UdpSockets inner) : IUdpSockets
    {
        public event Action<Endpoint>? SourceLost
        {
            add => inner.SourceLost += value;
            remove => inner.SourceLost -= value;
        }

        /// <summary>What the device asked to be sent with the last data message.</summary>
        public byte? LastEcn { get; private set; }

        public ushort Port => inner.Port;

        public int Receive(ReceiveBatch batch, int beside = -1) => inner.Receive(batch, beside);

        public void Wake() => inner.Wake();

        public int Send(SendBatch batch)
        {
            int refused = 0;
            for (int i = 0; i < batch.Count; i++)
            {
                SendEntry entry = batch[i];
                Assert.Equal(1, entry.Datagrams);
                refused += Send(entry.To, batch.Buffer.Slice(entry.Offset, entry.Length), entry.Ecn) == 0 ? 0 : 1;
            }

            batch.Clear();
            return refused;
        }

        public int Send(Endpoint to, ReadOnlySpan<byte> datagram, byte ecn)
        {
            const byte data = 4;
            LastEcn = datagram[0] == data ? ecn : LastEcn;
            return inner.Send(to, datagram, CongestionExperienced);
        }

        public void SetMark(uint mark) => inner.SetMark(mark);

        public void Dispose() => inner.Dispose();
    }
}
