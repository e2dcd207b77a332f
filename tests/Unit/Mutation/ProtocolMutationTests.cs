using WgNet.Protocol;
using WgNet.Unit.Protocol;
using Xunit;

namespace WgNet.Unit.Mutation;

/// <summary>Mutated datagrams are dropped for a reason, make no session, and leave the real ones as good as before.</summary>
public sealed class ProtocolMutationTests
{
    private const int Rounds = 110_000;

    [Fact]
    public void Consume_MutatedHandshakes_AreDroppedWithoutException()
    {
        (Side a, Side b) = Side.Pair(seed => new CheapPrimitives(seed));
        byte[] initiation = a.Initiate(0)!;
        MutationRun.Each(Rounds, mutator => AssertDropped(b.Consume(mutator.Bytes(initiation, uncovered: 16), 0)), "initiations");

        // None of them has disturbed the real one.
        Assert.Equal(HandshakeEvent.InitiationConsumed, b.Consume(initiation, 0).Event);
        byte[] response = b.Reply;
        MutationRun.Each(Rounds, mutator => AssertDropped(a.Consume(mutator.Bytes(response, uncovered: 16), 0)), "responses");

        Assert.Equal(HandshakeEvent.ResponseConsumed, a.Consume(response, 0).Event);
    }

    [Fact]
    public void Consume_MutatedBehindAValidMac1_NeverYieldsASession()
    {
        (Side a, Side b) = Side.Pair(seed => new CheapPrimitives(seed));
        byte[] initiation = a.Initiate(0)!;
        byte[] key = new byte[32];
        MessageMacs.DeriveMac1Key(b.Table.PublicKey, key);
        MutationRun.Each(20_000, mutator =>
        {
            byte[] mutant = initiation.ToArray();
            mutant[8 + mutator.Next(108)] ^= (byte)(1 + mutator.Next(255));
            MessageMacs.ComputeMac1(key, mutant, mutant.AsSpan(^32..^16));
            Assert.Equal(DropReason.BadHandshake, b.Consume(mutant, 0).Reason);
        });

        Assert.Equal(0, b.Table.Indices.Count);
    }

    [Fact]
    public void Consume_MutatedCookieReplies_AreDropped()
    {
        (Side a, Side b) = Side.Pair(seed => new CheapPrimitives(seed));
        Assert.Equal(HandshakeEvent.CookieReplyCreated, b.Consume(a.Initiate(0)!, 0, underLoad: true).Event);
        byte[] cookie = b.Reply;
        MutationRun.Each(20_000, mutator => AssertDropped(a.Consume(mutator.Bytes(cookie), 0)));

        Assert.Equal(HandshakeEvent.CookieReplyConsumed, a.Consume(cookie, 0).Event);
    }

    [Fact]
    public void Receive_MutatedData_IsDropped()
    {
        (Side a, Side b) = Side.Connected(0, seed => new CheapPrimitives(seed));
        byte[] datagram = a.Send(new byte[48], 1)!;
        MutationRun.Each(Rounds, mutator => Assert.NotEqual(DropReason.None, b.Receive(mutator.Bytes(datagram), 1, out _, out _)));

        Assert.Equal(DropReason.None, b.Receive(datagram, 1, out _, out _));
    }

    [Fact]
    public void Receive_MutatedDataWithRealCryptography_IsDropped()
    {
        (Side a, Side b) = Side.Connected();
        byte[] datagram = a.Send(new byte[48], 1)!;
        MutationRun.Each(20_000, mutator => Assert.NotEqual(DropReason.None, b.Receive(mutator.Bytes(datagram), 1, out _, out _)));

        Assert.Equal(DropReason.None, b.Receive(datagram, 1, out _, out _));
    }

    private static void AssertDropped(HandshakeResult result)
    {
        Assert.Equal(HandshakeEvent.Dropped, result.Event);
        Assert.NotEqual(DropReason.None, result.Reason);
    }
}
