using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol;

public class MutationTests
{
    private const int Rounds = 110_000;

    [Fact]
    public void Consume_MutatedHandshakes_AreDroppedWithoutException()
    {
        (Side a, Side b) = Side.Pair(seed => new CheapPrimitives(seed));
        byte[] initiation = a.Initiate(0)!;
        var random = new Random(1);
        for (int i = 0; i < Rounds; i++)
        {
            byte[] mutant = Mutate(initiation, random, uncovered: 16);
            HandshakeResult result = b.Consume(mutant, 0, underLoad: false);
            Assert.Equal(HandshakeEvent.Dropped, result.Event);
        }

        // None of them has disturbed the real one.
        Assert.Equal(HandshakeEvent.InitiationConsumed, b.Consume(initiation, 0).Event);
        byte[] response = b.Reply;
        for (int i = 0; i < Rounds; i++)
        {
            Assert.Equal(HandshakeEvent.Dropped, a.Consume(Mutate(response, random, uncovered: 16), 0).Event);
        }

        Assert.Equal(HandshakeEvent.ResponseConsumed, a.Consume(response, 0).Event);
    }

    [Fact]
    public void Consume_MutatedBehindAValidMac1_NeverYieldsASession()
    {
        (Side a, Side b) = Side.Pair(seed => new CheapPrimitives(seed));
        byte[] initiation = a.Initiate(0)!;
        byte[] key = new byte[32];
        MessageMacs.DeriveMac1Key(b.Table.PublicKey, key);
        var random = new Random(2);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] mutant = initiation.ToArray();
            mutant[random.Next(8, 116)] ^= (byte)random.Next(1, 256);
            MessageMacs.ComputeMac1(key, mutant, mutant.AsSpan(^32..^16));
            Assert.Equal(DropReason.BadHandshake, b.Consume(mutant, 0).Reason);
        }

        Assert.Equal(0, b.Table.Indices.Count);
    }

    [Fact]
    public void Consume_MutatedCookieReplies_AreDropped()
    {
        (Side a, Side b) = Side.Pair(seed => new CheapPrimitives(seed));
        Assert.Equal(HandshakeEvent.CookieReplyCreated, b.Consume(a.Initiate(0)!, 0, underLoad: true).Event);
        byte[] cookie = b.Reply;
        var random = new Random(3);
        for (int i = 0; i < 20_000; i++)
        {
            Assert.Equal(HandshakeEvent.Dropped, a.Consume(Mutate(cookie, random), 0).Event);
        }

        Assert.Equal(HandshakeEvent.CookieReplyConsumed, a.Consume(cookie, 0).Event);
    }

    [Fact]
    public void Receive_MutatedData_IsDropped()
    {
        (Side a, Side b) = Side.Connected(0, seed => new CheapPrimitives(seed));
        byte[] datagram = a.Send(new byte[48], 1)!;
        var random = new Random(4);
        for (int i = 0; i < Rounds; i++)
        {
            Assert.NotEqual(DropReason.None, b.Receive(Mutate(datagram, random), 1, out _, out _));
        }

        Assert.Equal(DropReason.None, b.Receive(datagram, 1, out _, out _));
    }

    [Fact]
    public void Receive_MutatedDataWithRealCryptography_IsDropped()
    {
        (Side a, Side b) = Side.Connected();
        byte[] datagram = a.Send(new byte[48], 1)!;
        var random = new Random(5);
        for (int i = 0; i < 20_000; i++)
        {
            Assert.NotEqual(DropReason.None, b.Receive(Mutate(datagram, random), 1, out _, out _));
        }

        Assert.Equal(DropReason.None, b.Receive(datagram, 1, out _, out _));
    }

    /// <summary>Never the original: some bytes changed, or cut, or longer, or all noise.</summary>
    /// <param name="uncovered">How many bytes at the end nothing depends on: mac2, when there is no load.</param>
    private static byte[] Mutate(byte[] original, Random random, int uncovered = 0)
    {
        byte[] mutant = original.ToArray();
        switch (random.Next(8))
        {
            case 0:
                return mutant[..random.Next(mutant.Length)];
            case 1:
                Array.Resize(ref mutant, mutant.Length + random.Next(1, 64));
                return mutant;
            case 2:
                random.NextBytes(mutant);
                mutant[0] = original[0];
                return mutant;
            default:
                for (int changes = random.Next(1, 4); changes > 0; changes--)
                {
                    mutant[random.Next(mutant.Length - uncovered)] ^= (byte)(1 << random.Next(8));
                }

                mutant[4] ^= mutant.AsSpan().SequenceEqual(original) ? (byte)1 : (byte)0;
                return mutant;
        }
    }
}
