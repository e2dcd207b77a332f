using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol.Keypairs;

public sealed class KeypairBatchTests
{
    private const int Count = 5;
    private const int Plaintext = 48;
    private const int Datagram = Plaintext + Keypair.Overhead;

    private readonly Keypair _sending;
    private readonly Keypair _receiving;
    private readonly Side _a;
    private readonly Side _b;
    private readonly byte[] _memory = new byte[Count * Datagram];
    private readonly DropReason[] _reasons = new DropReason[Count];

    public KeypairBatchTests()
    {
        (_a, _b) = Side.Connected();
        _sending = _a.Session.SendingKeypair(0)!;
        _receiving = _b.Table.FindKeypair(_sending.RemoteIndex)!;
    }

    [Fact]
    public void OpenBatch_OfSealBatch_GivesThePlaintexts()
    {
        AeadPacket[] packets = SealedBatch();
        _receiving.OpenBatch(_memory, packets, 0, _reasons);

        Assert.All(_reasons, reason => Assert.Equal(DropReason.None, reason));
        for (int i = 0; i < Count; i++)
        {
            Assert.Equal(Enumerable.Repeat((byte)(i + 1), Plaintext), _memory[packets[i].Offset..(packets[i].Offset + Plaintext)]);
        }
    }

    [Fact]
    public void SealBatch_EachDatagram_IsWhatSealMakes()
    {
        AeadPacket[] packets = SealedBatch();
        for (int i = 0; i < Count; i++)
        {
            byte[] alone = new byte[Datagram];
            alone.AsSpan(Keypair.HeaderSize, Plaintext).Fill((byte)(i + 1));
            Assert.True(_sending.Seal(packets[i].Counter, alone));
            Assert.Equal(alone, _memory[(i * Datagram)..((i + 1) * Datagram)]);
        }
    }

    [Fact]
    public void OpenBatch_ForgedReplayedAndRepeated_NamesEachReasonAndMovesTheWindowForTheRestOnly()
    {
        AeadPacket[] packets = SealedBatch();
        byte[] first = _memory[..Datagram];
        Assert.Equal(DropReason.None, _receiving.TryOpen(first, 0, out _));
        byte[] forged = _memory[Datagram..(2 * Datagram)];
        _memory[(2 * Datagram) - 1] ^= 1;
        _memory.AsSpan(2 * Datagram, Datagram).CopyTo(_memory.AsSpan(3 * Datagram));

        _receiving.OpenBatch(_memory, packets, 0, _reasons);

        Assert.Equal([DropReason.Replayed, DropReason.BadTag, DropReason.None, DropReason.Replayed, DropReason.None], _reasons);
        Assert.Equal(DropReason.None, _receiving.TryOpen(forged, 0, out _));
    }

    [Fact]
    public void OpenBatch_CounterPastTheLimit_IsExpired()
    {
        AeadPacket[] packets = SealedBatch();
        _memory.AsSpan(8, 8).Fill(0xFF);
        _receiving.OpenBatch(_memory, packets, 0, _reasons);
        Assert.Equal([DropReason.KeyExpired, DropReason.None, DropReason.None, DropReason.None, DropReason.None], _reasons);
    }

    [Fact]
    public void OpenBatch_180SecondsLater_IsExpired()
    {
        AeadPacket[] packets = SealedBatch();
        _receiving.OpenBatch(_memory, packets, 180 * 1_000_000_000L, _reasons);
        Assert.All(_reasons, reason => Assert.Equal(DropReason.KeyExpired, reason));
    }

    [Fact]
    public void Batches_AfterTheKeysWereWiped_SealNothingAndOpenNothing()
    {
        AeadPacket[] packets = SealedBatch();
        _b.Table.Remove(_b.Session);
        _receiving.OpenBatch(_memory, packets, 0, _reasons);
        Assert.All(_reasons, reason => Assert.Equal(DropReason.KeyExpired, reason));

        _memory.AsSpan().Fill(9);
        _a.Table.Remove(_a.Session);
        Assert.False(_sending.SealBatch(_memory, packets));
        Assert.All(_memory, value => Assert.Equal(0, value));
    }

    [Fact]
    public void SealBatch_CounterPastTheLimit_SealsNothing()
    {
        AeadPacket[] packets = SealedBatch();
        packets[^1].Counter = Constants.RejectAfterMessages;
        Assert.False(_sending.SealBatch(_memory, packets));
        Assert.All(_memory, value => Assert.Equal(0, value));
    }

    /// <summary>Five datagrams, one behind the other, of ones, twos, and so on.</summary>
    private AeadPacket[] SealedBatch()
    {
        Assert.True(_sending.TryReserve(Count, out ulong counter));
        AeadPacket[] packets = new AeadPacket[Count];
        for (int i = 0; i < Count; i++)
        {
            packets[i] = new AeadPacket { Offset = (i * Datagram) + Keypair.HeaderSize, Length = Plaintext, Counter = counter++ };
            _memory.AsSpan(packets[i].Offset, Plaintext).Fill((byte)(i + 1));
        }

        Assert.True(_sending.SealBatch(_memory, packets));
        return packets;
    }
}
