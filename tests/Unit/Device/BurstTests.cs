using WgNet.Device;
using WgNet.Tun;
using WgNet.Udp;
using WgNet.Unit.Tun;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device;

/// <summary>When the outbound worker rests before it reads again.</summary>
public sealed class BurstTests : IDisposable
{
    private const int LeastOfBurst = 8;

    private static readonly byte[] Small = Packet("2001:db8::a", "2001:db8::b");

    private readonly TunnelPair _tunnel = new(peer => peer.AllowedIps.Add(new PrefixUpdate(Prefix("::/0"), Remove: false)));
    private int _rests;

    public BurstTests()
    {
        // Who watches the interface beside the sockets does not rest.
        _tunnel.Left.Tun.HasDescriptor = false;
        CarryOne();
        _tunnel.Left.Tun.Resting = () => Interlocked.Increment(ref _rests);
    }

    [Fact]
    public void Burst_WhileOthersWereSent_IsFollowedByOneRest()
    {
        SendWhileSending(LeastOfBurst);

        // Each of these is read after a rest, if there was one.
        CarryOne();
        Assert.Equal(1, _rests);
        CarryOne();
        CarryOne();
        Assert.Equal(1, _rests);
    }

    [Fact]
    public void Burst_IsSentBeforeTheRest()
    {
        bool arrived = false;
        _tunnel.Left.Tun.Resting = () =>
        {
            Receive(1 + LeastOfBurst);
            Volatile.Write(ref arrived, true);
        };

        BeginSendingWhileSending(LeastOfBurst);

        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref arrived), Soon));
    }

    [Fact]
    public void Rest_WhatCameMeanwhile_IsABurstAgain()
    {
        _tunnel.Left.Tun.Resting = () =>
        {
            if (Interlocked.Increment(ref _rests) == 1)
            {
                Send(LeastOfBurst);
            }
        };

        SendWhileSending(LeastOfBurst);
        Receive(LeastOfBurst);
        CarryOne();

        Assert.Equal(2, _rests);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(LeastOfBurst - 1)]
    [InlineData(SendBatch.MaxSegments)]
    public void FewPackets_OrAFullBatch_AreFollowedByNoRest(int count)
    {
        SendWhileSending(count);
        CarryOne();

        Assert.Equal(0, _rests);
    }

    [Fact]
    public void Burst_AfterAWait_IsFollowedByNoRest()
    {
        bool isSent = false;
        int begin = -1;
        _tunnel.Left.Tun.Reading = reads =>
        {
            begin = begin < 0 ? reads : begin;
            if (reads > begin && !isSent)
            {
                isSent = true;
                Send(LeastOfBurst);
            }
        };
        Send(1);
        Receive(1 + LeastOfBurst);
        CarryOne();

        Assert.Equal(0, _rests);
    }

    [Fact]
    public void BatchWithASuperPacket_IsFollowedByNoRest()
    {
        const int Segments = 5, SegmentSize = 1000;
        var header = new VirtioNetHeader { Flags = VirtioNetHeader.NeedsChecksum, GsoType = VirtioNetHeader.GsoTcpV6, GsoSize = SegmentSize, ChecksumStart = 40, ChecksumOffset = 16 };
        byte[] superPacket = new PacketSpec { IPv6 = true, Payload = new byte[Segments * SegmentSize] }.Build();

        BeginSendingWhileSending(LeastOfBurst, () => _tunnel.Left.Tun.Send(header, superPacket));
        Receive(1 + LeastOfBurst + Segments);
        CarryOne();

        Assert.Equal(0, _rests);
    }

    public void Dispose() => _tunnel.Dispose();

    private void SendWhileSending(int count)
    {
        BeginSendingWhileSending(count);
        Receive(1 + count);
    }

    // One packet, and as soon as it was sent the others, before the worker reads again: they are the next batch, for which it does not wait.
    private void BeginSendingWhileSending(int count, Action? sendMore = null)
    {
        int begin = -1, readsThereafter = 0;
        _tunnel.Left.Tun.Reading = reads =>
        {
            begin = begin < 0 ? reads : begin;

            // The first finds that there is no second packet; then the one is sent.
            if (reads == begin + 1 && ++readsThereafter == 2)
            {
                Send(count);
                sendMore?.Invoke();
            }
        };
        Send(1);
    }

    private void Send(int count)
    {
        for (int i = 0; i < count; i++)
        {
            _tunnel.Left.Tun.Send(Small);
        }
    }

    private void Receive(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Assert.NotNull(_tunnel.Right.Tun.Receive(Soon));
        }
    }

    private void CarryOne()
    {
        Send(1);
        Receive(1);
    }
}
