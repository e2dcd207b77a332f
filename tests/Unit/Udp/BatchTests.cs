using System.Net;
using WgNet.Udp;
using Xunit;

namespace WgNet.Unit.Udp;

public sealed class BatchTests
{
    private static readonly Endpoint Peer = new(IPAddress.Parse("192.0.2.1"), 51820);

    [Fact]
    public void Append_ShorterDatagram_EndsTheRun()
    {
        using var batch = new SendBatch();
        foreach (int length in new[] { 100, 100, 40, 40, 100 })
        {
            Append(batch, Peer, length);
        }

        Assert.Equal([240, 40, 100], Lengths(batch));
        Assert.Equal([3, 1, 1], Enumerable.Range(0, 3).Select(i => batch[i].Datagrams));
    }

    [Fact]
    public void Append_MoreThanOneMessageHolds_BeginsAnother()
    {
        using var batch = new SendBatch();
        for (int i = 0; i < 65; i++)
        {
            Append(batch, Peer, 10);
        }

        for (int i = 0; i < 7; i++)
        {
            Append(batch, Peer, 10_000);
        }

        Assert.Equal([640, 10, 60_000, 10_000], Lengths(batch));
    }

    [Fact]
    public void Append_OtherEndpointSourceOrEcn_BeginsAnother()
    {
        using var batch = new SendBatch();
        Append(batch, Peer, 10);
        Append(batch, new Endpoint(Peer.Address, 51820), 10);
        Append(batch, new Endpoint(Peer.Address, 51821), 10);
        Append(batch, new Endpoint(Peer.Address, 51821, IPAddress.Parse("192.0.2.2"), 1), 10);
        Append(batch, new Endpoint(Peer.Address, 51821, IPAddress.Parse("192.0.2.2"), 1), 10);
        Append(batch, new Endpoint(Peer.Address, 51821, IPAddress.Parse("192.0.2.2"), 1), 10, ecn: 2);
        Assert.Equal([20, 10, 20, 10], Lengths(batch));
    }

    [Fact]
    public void AppendAt_WithAGapBetween_BeginsAnother()
    {
        using var batch = new SendBatch();
        batch.AppendAt(Peer, 1000, 10, ecn: 0);
        batch.AppendAt(Peer, 1010, 10, ecn: 0);
        batch.AppendAt(Peer, 1021, 10, ecn: 0);
        batch.AppendAt(Peer, 1000, 10, ecn: 0);
        Assert.Equal([20, 10, 10], Lengths(batch));
        Assert.Equal([1000, 1021, 1000], Enumerable.Range(0, 3).Select(i => batch[i].Offset));
    }

    [Fact]
    public void Append_EmptyDatagrams_StayApart()
    {
        using var batch = new SendBatch();
        Append(batch, Peer, 0);
        Append(batch, Peer, 0);
        Append(batch, Peer, 10);
        Append(batch, Peer, 0);
        Assert.Equal([0, 0, 10, 0], Lengths(batch));
    }

    [Fact]
    public void Reserve_MoreThanIsFree_Throws()
    {
        using var batch = new SendBatch(bytes: 100, entries: 2);
        Append(batch, Peer, 60);
        Assert.Equal(40, batch.Free);
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Reserve(41).Length);
        Assert.Equal(40, batch.Reserve(40).Length);
        Append(batch, new Endpoint(IPAddress.Loopback, 1), 1);
        Assert.Equal(0, batch.Free);
        batch.Clear();
        Assert.Equal(100, batch.Free);
    }

    [Fact]
    public void Add_MessageByHand_ReadsBack()
    {
        using var batch = new ReceiveBatch(capacity: 2);
        var from = new Endpoint(IPAddress.Parse("fe80::1%7"), 51820, IPAddress.Parse("fe80::2"), 7);
        batch.Add([1, 2, 3, 4, 5], segmentSize: 2, ecn: 3, from);
        Assert.Equal(1, batch.Count);
        ReceivedMessage message = batch[0];
        Assert.Equal((5, 2, 3), (message.Length, message.SegmentSize, message.Ecn));
        Assert.Equal([1, 2, 3, 4, 5], batch.Buffer.Slice(message.Offset, message.Length).ToArray());
        Assert.True(batch.ComesFrom(0, from));
        Assert.Equal(from, batch.EndpointOf(0));
        Assert.Equal((from.Source, 7), (batch.EndpointOf(0).Source, batch.EndpointOf(0).SourceInterface));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch[1].Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Add([1], segmentSize: 0, ecn: 0, from));
        Assert.Throws<ArgumentOutOfRangeException>(() => batch.Add([1], segmentSize: 2, ecn: 0, from));
    }

    private static void Append(SendBatch batch, Endpoint to, int length, byte ecn = 0)
    {
        batch.Reserve(length).Clear();
        batch.Append(to, length, ecn);
    }

    private static IEnumerable<int> Lengths(SendBatch batch) => Enumerable.Range(0, batch.Count).Select(i => batch[i].Length);
}
