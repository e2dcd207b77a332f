using System.Net;
using WgNet.Udp;

namespace WgNet.Unit.Udp;

/// <summary>Two ends on the loopback interface, and what one received from the other.</summary>
internal sealed class Wire : IDisposable
{
    public Wire(UdpOptions? left = null, UdpOptions? right = null)
    {
        Left = UdpSockets.Open(0, mark: 0, left);
        Right = UdpSockets.Open(0, mark: 0, right);
    }

    public UdpSockets Left { get; }

    public UdpSockets Right { get; }

    public SendBatch Out { get; } = new();

    public ReceiveBatch In { get; } = new();

    public static IPAddress Loopback(bool isIPv4) => isIPv4 ? IPAddress.Loopback : IPAddress.IPv6Loopback;

    public Endpoint ToRight(bool isIPv4) => new(Loopback(isIPv4), Right.Port);

    /// <summary>Appends a datagram whose every byte is <paramref name="value"/>.</summary>
    public void Append(Endpoint to, int length, byte value, byte ecn = 0)
    {
        Out.Reserve(length).Fill(value);
        Out.Append(to, length, ecn);
    }

    /// <summary>Receives at the right end until so many datagrams came, taken apart.</summary>
    public List<Received> ReceiveAtRight(int count) => Receive(Right, count);

    public List<Received> Receive(UdpSockets at, int count)
    {
        using var timer = new Timer(_ => at.Wake(), null, TimeSpan.FromSeconds(10), Timeout.InfiniteTimeSpan);
        var all = new List<Received>();
        while (all.Count < count)
        {
            int messages = at.Receive(In);
            if (messages == 0)
            {
                throw new TimeoutException($"{all.Count} of {count} datagrams came.");
            }

            for (int i = 0; i < messages; i++)
            {
                ReceivedMessage message = In[i];
                for (int start = 0; start < message.Length; start += message.SegmentSize)
                {
                    int length = Math.Min(message.SegmentSize, message.Length - start);
                    all.Add(new Received(In.Buffer.Slice(message.Offset + start, length).ToArray(), message.Ecn, In.EndpointOf(i), message.Length > message.SegmentSize));
                }
            }
        }

        return all;
    }

    public void Dispose()
    {
        Left.Dispose();
        Right.Dispose();
        Out.Dispose();
        In.Dispose();
    }

    internal sealed record Received(byte[] Bytes, byte Ecn, Endpoint From, bool WasJoined);
}
