using System.Net;
using System.Net.Sockets;

namespace WgNet.EndToEnd.Harness;

/// <summary>
/// A relay that loses, repeats and holds back datagrams. The dice are seeded: a run's faults are its own, but not a matter of luck.
/// </summary>
public sealed class FaultyRelay : IDisposable
{
    private readonly double _rate;
    private readonly UdpRelay _relay;
    private int _lost;
    private int _repeated;
    private int _reordered;

    /// <summary>Each fault happens to <paramref name="rate"/> of the datagrams in each direction.</summary>
    public FaultyRelay(Host relay, string leftPeer, string rightPeer, double rate)
    {
        _rate = rate;
        _relay = new UdpRelay(relay, leftPeer, rightPeer, Forward);
    }

    /// <summary>How many datagrams each fault hit until now.</summary>
    public (int Lost, int Repeated, int Reordered) Faults => (_lost, _repeated, _reordered);

    public void Dispose() => _relay.Dispose();

    private void Forward(Socket from, Socket to, EndPoint destination, bool isLeftward)
    {
        var dice = new Random(isLeftward ? 20 : 10);
        byte[] datagram = new byte[65536];
        byte[] held = new byte[65536];
        int heldLength = 0;
        while (true)
        {
            int length = from.Receive(datagram);
            double fate = dice.NextDouble();
            if (fate < _rate)
            {
                _lost++;
                continue;
            }

            if (fate < 2 * _rate && heldLength == 0)
            {
                // Sent after the next one that passes.
                _reordered++;
                datagram.AsSpan(0, length).CopyTo(held);
                heldLength = length;
                continue;
            }

            to.SendTo(datagram.AsSpan(0, length), destination);
            if (fate > 1 - _rate)
            {
                _repeated++;
                to.SendTo(datagram.AsSpan(0, length), destination);
            }

            if (heldLength > 0)
            {
                to.SendTo(held.AsSpan(0, heldLength), destination);
                heldLength = 0;
            }
        }
    }
}
