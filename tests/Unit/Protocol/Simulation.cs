using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol;

/// <summary>
/// Two tables back to back under simulated clocks, and what becomes of their packets by one of two schedules.
/// </summary>
internal sealed class Simulation
{
    private const long Second = Constants.Second;

    // Two ends that initiate at the same moment disturb each other until their jitter tells them apart: a few rounds of
    // five seconds at most. Before that, 15 s may pass until one notices that the other has lost its keys.
    private const long HealsWithin = 100 * Second;

    private readonly Random _random;
    private readonly SimulatedNetwork _network;
    private readonly SimulatedEnd _a;
    private readonly SimulatedEnd _b;
    private long _time;
    private ulong _nextId;

    public Simulation(int seed, Func<int, IPrimitives> primitives)
    {
        _random = new Random(seed);
        _network = new SimulatedNetwork(_random);
        _a = NewEnd(primitives(2 * seed));
        _b = NewEnd(primitives((2 * seed) + 1));
        _a.Know(_b, _b.Table.PublicKey);
        _b.Know(_a, _a.Table.PublicKey);
    }

    /// <summary>
    /// First everything goes wrong that can; then the network heals and data must flow both ways; then nobody sends and both must fall
    /// silent, their keys gone.
    /// </summary>
    public void Run()
    {
        Suffer(until: _random.NextInt64(5, 400) * Second);
        Heal();
        FallSilent();
    }

    /// <summary>
    /// Both send all the time over a slow path that changes the order, so that packets under the old keys are under way in both directions
    /// whenever the keys change, while the change itself takes more than one attempt: none may be lost.
    /// </summary>
    public void Rekey()
    {
        Send(_a);
        AdvanceTo(Second);
        _network.MaxDelay = _random.NextInt64(2 * Second);
        _network.HandshakeLoss = _random.NextDouble() * 0.3;
        int sent = 0;
        while (_a.Session.Handshakes < 5)
        {
            Send(_a);
            Send(_b);
            sent++;
            AdvanceTo(_time + (Second / 20));
            Assert.InRange(_time, 0, 3600 * Second);
        }

        AdvanceTo(_time + (5 * Second));
        Assert.Equal(sent + 1, _b.Delivered);
        Assert.Equal(sent, _a.Delivered);
    }

    private SimulatedEnd NewEnd(IPrimitives primitives)
    {
        byte[] privateKey = new byte[32];
        _random.NextBytes(privateKey);
        return new SimulatedEnd(primitives, privateKey, _network);
    }

    private void Suffer(long until)
    {
        _network.Loss = _random.NextDouble() * 0.6;
        _network.Duplication = _random.NextDouble() * 0.3;
        _network.Replay = _random.NextDouble() * 0.1;
        _network.MaxDelay = (long)(_random.NextDouble() * _random.NextDouble() * 6 * Second);
        double pause = 0.2 + (_random.NextDouble() * 10);
        while (_time < until)
        {
            AdvanceTo(_time + (long)(-Math.Log(1 - _random.NextDouble()) * pause * Second));
            Disturb(_random.Next(2) == 0 ? _a : _b);
        }
    }

    private void Disturb(SimulatedEnd end)
    {
        switch (_random.Next(60))
        {
            case 0:
                end.ClockOffset += _random.NextInt64(1, 4000) * Second;     // suspended
                break;
            case 1:
                end.WallOffset += _random.NextInt64(-1_000_000, 1_000_000) * Second;
                break;
            case 2:
                end.Restart();
                break;
            case 3:
                end.Session.Clear();
                break;
            case 4:
                end.UnderLoad = !end.UnderLoad;
                break;
            case 5:
                end.Perform(end.Session.SetPersistentKeepalive((ushort)_random.Next(0, 30), _time + end.ClockOffset), _time);
                break;
            case 6:
                end.Session.ExpireKeypairs(_time + end.ClockOffset);
                break;
            case 7:
                AdvanceTo(_time + (_random.NextInt64(1, 700) * Second));
                break;
            default:
                Send(end);
                break;
        }
    }

    private void Heal()
    {
        (_network.Loss, _network.Duplication, _network.Replay, _network.MaxDelay) = (0, 0, 0, 50_000_000);
        long healed = _time + HealsWithin;
        while (_time < healed)
        {
            SendBothWays();
        }

        (int atA, int atB) = (_a.Delivered, _b.Delivered);
        const int Packets = 20;
        for (int i = 0; i < Packets; i++)
        {
            SendBothWays();
        }

        AdvanceTo(_time + Second);
        // At least, since old copies may arrive too. One each may be lost: an initiator with an unconfirmed next keypair
        // demotes that one to previous, as the kernel does, and what is in flight under the old current one has no key.
        Assert.InRange(_a.Delivered - atA, Packets - 1, int.MaxValue);
        Assert.InRange(_b.Delivered - atB, Packets - 1, int.MaxValue);
        // The moment may lie between a response and the packet that confirms it.
        for (int i = 0; i < 10 && !(Opens(_a, _b) && Opens(_b, _a)); i++)
        {
            AdvanceTo(_time + (Second / 10));
        }

        Assert.True(Opens(_a, _b) && Opens(_b, _a), "the ends do not agree");
    }

    /// <summary>What one end sends with, the other has the counterpart of, though one of them may be just renewing it.</summary>
    private static bool Opens(SimulatedEnd sender, SimulatedEnd receiver) =>
        sender.Session.Keypairs.Current is { } sending
        && receiver.Table.FindKeypair(sending.RemoteIndex)?.RemoteIndex == sending.LocalIndex;

    private void FallSilent()
    {
        _a.Session.SetPersistentKeepalive(0, _time + _a.ClockOffset);
        _b.Session.SetPersistentKeepalive(0, _time + _b.ClockOffset);
        // The last session is 540 s old then, even if an initiation that was lost comes back five minutes late to derive one.
        AdvanceTo(_time + (300 * Second) + (3 * 180 * Second) + (60 * Second));
        foreach (SimulatedEnd end in (SimulatedEnd[])[_a, _b])
        {
            Assert.Equal(long.MaxValue, end.Session.NextDeadline);
            Assert.Equal(0, end.Table.Indices.Count);
            end.Table.Dispose();
        }
    }

    private void SendBothWays()
    {
        Send(_a);
        AdvanceTo(_time + _random.NextInt64(Second / 2));
        Send(_b);
        AdvanceTo(_time + _random.NextInt64(Second));
    }

    private void Send(SimulatedEnd from) => from.SendPacket(_nextId++, _random.Next(8, 64), _time);

    /// <summary>Runs what happens until then, in order.</summary>
    private void AdvanceTo(long time)
    {
        while (true)
        {
            long poll = Math.Min(_a.NextPoll, _b.NextPoll);
            long next = Math.Min(poll, _network.NextArrival);
            if (next > time)
            {
                _time = time;
                return;
            }

            _time = Math.Max(_time, next);
            if (poll == next)
            {
                (_a.NextPoll == poll ? _a : _b).Poll(_time);
            }
            else
            {
                (SimulatedEnd to, byte[] datagram) = _network.Take();
                to.Receive(datagram, _time);
            }
        }
    }
}
