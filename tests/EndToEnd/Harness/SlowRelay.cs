using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace WgNet.EndToEnd.Harness;

/// <summary>A relay that brings every datagram in order and late by the same time, as a long path does.</summary>
public sealed class SlowRelay : IDisposable
{
    // Poll does not hear that its socket was closed: it asks again.
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(100);

    private readonly TimeSpan _delay;
    private readonly UdpRelay _relay;

    public SlowRelay(Host relay, string leftPeer, string rightPeer, TimeSpan delay)
    {
        _delay = delay;
        _relay = new UdpRelay(relay, leftPeer, rightPeer, Forward);
    }

    public void Dispose() => _relay.Dispose();

    private void Forward(Socket from, Socket to, EndPoint destination, bool isLeftward)
    {
        byte[] buffer = new byte[65536];
        var underWay = new Queue<(byte[] Datagram, long Received)>();
        while (true)
        {
            TimeSpan wait = Idle;
            while (underWay.TryPeek(out (byte[] Datagram, long Received) next))
            {
                wait = _delay - Stopwatch.GetElapsedTime(next.Received);
                if (wait > TimeSpan.Zero)
                {
                    break;
                }

                to.SendTo(underWay.Dequeue().Datagram, destination);
                wait = Idle;
            }

            if (from.Poll(wait, SelectMode.SelectRead))
            {
                underWay.Enqueue((buffer[..from.Receive(buffer)], Stopwatch.GetTimestamp()));
            }
        }
    }
}
