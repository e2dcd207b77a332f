using WgNet.Protocol;

namespace WgNet.Unit.Protocol;

/// <summary>What can happen to a datagram on its way: loss, duplication, reordering by delay, and copies that come much later.</summary>
internal sealed class SimulatedNetwork(Random random)
{
    private const long Millisecond = 1_000_000;

    private readonly PriorityQueue<(SimulatedEnd To, byte[] Datagram), (long Time, long Order)> _flying = new();
    private long _order;

    /// <summary>0 to 1.</summary>
    public double Loss { get; set; }

    /// <summary>Of handshake messages, more than of others.</summary>
    public double HandshakeLoss { get; set; }

    public double Duplication { get; set; }

    /// <summary>Of all copies, how many come up to five minutes late.</summary>
    public double Replay { get; set; }

    public long MaxDelay { get; set; } = 50 * Millisecond;

    public long NextArrival => _flying.TryPeek(out _, out (long Time, long Order) first) ? first.Time : long.MaxValue;

    public void Send(SimulatedEnd to, byte[] datagram, long time)
    {
        double loss = MessageType.IsHandshake(datagram) ? Math.Max(Loss, HandshakeLoss) : Loss;
        int copies = random.NextDouble() < loss ? 0 : random.NextDouble() < Duplication ? 2 : 1;
        for (int i = 0; i < copies; i++)
        {
            Enqueue(to, datagram, time + Millisecond + (long)(random.NextDouble() * MaxDelay));
        }

        if (random.NextDouble() < Replay)
        {
            Enqueue(to, datagram, time + (long)(random.NextDouble() * 300_000 * Millisecond));
        }
    }

    public (SimulatedEnd To, byte[] Datagram) Take() => _flying.Dequeue();

    private void Enqueue(SimulatedEnd to, byte[] datagram, long time) => _flying.Enqueue((to, datagram), (time, _order++));
}
