using System.Buffers.Binary;
using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol;

/// <summary>
/// A device reduced to its chores: it stages packets, performs a session's actions, and polls it when its timer says so,
/// and only then: a missing <see cref="SessionActions.Reschedule"/> shows as a timer that never runs.
/// </summary>
internal sealed class SimulatedEnd(IPrimitives primitives, byte[] privateKey, SimulatedNetwork network)
{
    private const int MaxStaged = 128;

    private readonly Queue<byte[]> _staged = new();
    private readonly HashSet<(uint Index, ulong Counter)> _countersUsed = [];
    private readonly HashSet<ulong> _delivered = [];
    private readonly byte[] _reply = new byte[HandshakeResponse.Size];
    private SimulatedEnd _other = null!;
    private PublicKey _remote;

    /// <summary>The monotonic clock's lead over simulated time; only grows.</summary>
    public long ClockOffset { get; set; }

    /// <summary>The wall clock's lead over simulated time.</summary>
    public long WallOffset { get; set; } = 1_700_000_000 * Constants.Second;

    public bool UnderLoad { get; set; }

    public SessionTable Table { get; private set; } = NewTable(primitives, privateKey);

    public Session Session { get; private set; } = null!;

    public int Delivered => _delivered.Count;

    /// <summary>When <see cref="Poll"/> is due in simulated time.</summary>
    public long NextPoll => Session.ScheduledFor == long.MaxValue ? long.MaxValue : Session.ScheduledFor - ClockOffset;

    public void Know(SimulatedEnd other, PublicKey remote)
    {
        _other = other;
        _remote = remote;
        Session = Table.Add(remote, this);
    }

    /// <summary>The process ends and starts again. Only the timestamp floor outlives it.</summary>
    public void Restart()
    {
        SessionTable old = Table;
        Table = NewTable(primitives, privateKey);
        Table.TimestampFloor = Math.Max(old.LastTimestamp, old.TimestampFloor);
        old.Dispose();
        Assert.Equal(0, old.Indices.Count);
        Session = Table.Add(_remote, this);
        _staged.Clear();
    }

    public void SendPacket(ulong id, int length, long time)
    {
        if (_staged.Count == MaxStaged)
        {
            _staged.Dequeue();
        }

        _staged.Enqueue(Packet(id, length));
        SendStaged(time);
    }

    public void Receive(byte[] message, long time)
    {
        long now = time + ClockOffset;
        if (MessageType.IsHandshake(message))
        {
            ReceiveHandshake(message, time, now);
            return;
        }

        byte[] datagram = message.ToArray();
        Assert.True(TransportMessage.TryReadIndex(datagram, out uint index));
        if (Table.FindKeypair(index) is not { } keypair || keypair.TryOpen(datagram, now, out int length) != DropReason.None)
        {
            return;
        }

        Perform(keypair.Session.DataReceived(keypair, withContent: length == 0 ? 0 : 1, now), time);
        if (length != 0)
        {
            ReadOnlySpan<byte> packet = datagram.AsSpan(Keypair.HeaderSize, length);
            ulong id = BinaryPrimitives.ReadUInt64LittleEndian(packet);
            Assert.True(packet.SequenceEqual(Packet(id, length)), "a packet was altered");
            Assert.True(_delivered.Add(id), "a packet was delivered twice");
        }
    }

    public void Poll(long time)
    {
        SessionActions actions = Session.Poll(time + ClockOffset);
        Session.ScheduledFor = Session.NextDeadline;
        Perform(actions, time);
    }

    public void Perform(SessionActions actions, long time)
    {
        if (actions.HasFlag(SessionActions.DropStaged))
        {
            _staged.Clear();
        }

        if (actions.HasFlag(SessionActions.SendKeepalive) && _staged.Count == 0)
        {
            _staged.Enqueue([]);
        }

        if ((actions & (SessionActions.SendStaged | SessionActions.SendKeepalive)) != SessionActions.None)
        {
            SendStaged(time);
        }

        if ((actions & (SessionActions.SendInitiation | SessionActions.SendInitiationRetry)) != SessionActions.None)
        {
            Initiate(actions.HasFlag(SessionActions.SendInitiationRetry), time);
        }

        if (actions.HasFlag(SessionActions.Reschedule))
        {
            Session.ScheduledFor = Math.Min(Session.ScheduledFor, Session.NextDeadline);
        }
    }

    private static SessionTable NewTable(IPrimitives primitives, byte[] privateKey)
    {
        var table = new SessionTable(primitives);
        table.SetPrivateKey(privateKey, 0);
        return table;
    }

    private static byte[] Packet(ulong id, int length)
    {
        byte[] packet = new byte[length];
        packet.AsSpan().Fill((byte)(id * 31));
        BinaryPrimitives.WriteUInt64LittleEndian(packet, id);
        return packet;
    }

    private void ReceiveHandshake(byte[] message, long time, long now)
    {
        HandshakeResult result = Table.Consume(message, [192, 0, 2, 1, 0, 1], UnderLoad, now, time + WallOffset, _reply);
        if (result.ReplyLength != 0)
        {
            network.Send(_other, _reply[..result.ReplyLength], time);
        }

        SessionActions actions = result.Event switch
        {
            HandshakeEvent.InitiationConsumed => Session.HandshakeSent(now),
            HandshakeEvent.ResponseConsumed => SessionActions.SendKeepalive,
            _ => SessionActions.None,
        };
        Perform(actions | SessionActions.Reschedule, time);
    }

    private void SendStaged(long time)
    {
        long now = time + ClockOffset;
        if (Session.SendingKeypair(now) is not { } keypair)
        {
            Initiate(isRetry: false, time);
            return;
        }

        bool isKeepalive = true;
        while (_staged.TryDequeue(out byte[]? packet))
        {
            Assert.True(keypair.TryReserve(1, out ulong counter));
            Assert.True(_countersUsed.Add((keypair.RemoteIndex, counter)), "a counter was used twice");
            byte[] datagram = new byte[packet.Length + Keypair.Overhead];
            packet.CopyTo(datagram, Keypair.HeaderSize);
            Assert.True(keypair.Seal(counter, datagram));
            isKeepalive &= packet.Length == 0;
            network.Send(_other, datagram, time);
        }

        Perform(Session.DataSent(keypair, isKeepalive, now), time);
    }

    private void Initiate(bool isRetry, long time)
    {
        byte[] message = new byte[HandshakeInitiation.Size];
        SessionActions actions = SessionActions.Reschedule;
        if (Session.TryCreateInitiation(time + ClockOffset, time + WallOffset, isRetry, message))
        {
            network.Send(_other, message, time);
            actions |= Session.HandshakeSent(time + ClockOffset);
        }

        Perform(actions, time);
    }
}
