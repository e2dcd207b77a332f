using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using WgNet.Protocol;
using WgNet.Udp;

namespace WgNet.Peers;

/// <summary>What a burst of new addresses came to.</summary>
/// <param name="AnsweredAtOnce">Echo requests answered, to the peer that sent them, without being sent again.</param>
/// <param name="Answered">The same, sent again where need be.</param>
/// <param name="Misdirected">Answers that came to another peer than the one whose address it was.</param>
internal sealed record LearningResult(int AnsweredAtOnce, int Answered, int Misdirected, double Seconds);

/// <summary>
/// Every peer pings the gateway from so many addresses that it never used before, all of them in one burst. An answer means that the
/// address was learned, for the right peer, before the packet that taught it was delivered.
/// </summary>
internal sealed class LearningRun(UdpSockets sockets, Initiator[] peers, int addresses, IPAddress gateway)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    // 2001:db8:1::/64
    private static readonly UInt128 Network = (UInt128)0x2001_0DB8_0001_0000 << 64;

    private readonly UInt128 _gateway = BinaryPrimitives.ReadUInt128BigEndian(gateway.GetAddressBytes());
    private readonly Dictionary<uint, Initiator> _byIndex = peers.ToDictionary(peer => peer.Sender);
    private readonly HashSet<(int Peer, int Address)> _unanswered =
        [.. peers.SelectMany(peer => Enumerable.Range(0, addresses).Select(i => (peer.Number, i)))];

    private int _misdirected;

    public const string Prefix = "2001:db8:1::/64";

    public LearningResult Run()
    {
        Dictionary<int, Initiator> byNumber = peers.ToDictionary(peer => peer.Number);
        int all = _unanswered.Count;
        long start = Stopwatch.GetTimestamp();
        int atOnce = 0;
        for (int attempt = 0; _unanswered.Count > 0 && Stopwatch.GetElapsedTime(start) < Limit; attempt++)
        {
            // Peer by peer would be too orderly: the first address of each, then the second.
            foreach ((int peer, int address) in _unanswered.OrderBy(pair => pair.Address).ToList())
            {
                Ping(byNumber[peer], address);
            }

            ReceiveUntilQuiet();
            atOnce = attempt == 0 ? all - _unanswered.Count : atOnce;
        }

        return new LearningResult(atOnce, all - _unanswered.Count, _misdirected, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static UInt128 Address(int peer, int number) => Network + ((UInt128)(uint)peer << 16) + (uint)number + 1;

    private void Ping(Initiator peer, int number)
    {
        byte[] datagram = new byte[EchoRequest.PacketLength + Keypair.Overhead];
        EchoRequest.Write(datagram.AsSpan(Keypair.HeaderSize, EchoRequest.PacketLength), Address(peer.Number, number), _gateway);
        peer.Seal(datagram);
        sockets.Send(peer.Gateway, datagram, ecn: 0);
    }

    private void ReceiveUntilQuiet()
    {
        using var batch = new ReceiveBatch();
        using var tick = new Timer(_ => sockets.Wake(), null, TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(50));
        long last = Stopwatch.GetTimestamp();
        while (_unanswered.Count > 0 && Stopwatch.GetElapsedTime(last) < Patience)
        {
            int count = sockets.Receive(batch);
            last = count > 0 ? Stopwatch.GetTimestamp() : last;
            for (int i = 0; i < count; i++)
            {
                ReceivedMessage message = batch[i];
                for (int offset = 0; offset < message.Length; offset += message.SegmentSize)
                {
                    Take(batch.Buffer.Slice(message.Offset + offset, Math.Min(message.SegmentSize, message.Length - offset)));
                }
            }
        }
    }

    private void Take(Span<byte> datagram)
    {
        if (!TransportMessage.TryReadIndex(datagram, out uint index) || !_byIndex.TryGetValue(index, out Initiator? peer)
            || !peer.TryOpen(datagram, out int length)
            || !EchoRequest.IsReply(datagram.Slice(Keypair.HeaderSize, length), out UInt128 destination))
        {
            return;
        }

        UInt128 number = destination - Address(peer.Number, 0);
        if (number >= (uint)addresses)
        {
            _misdirected++;
        }
        else
        {
            _ = _unanswered.Remove((peer.Number, (int)number));
        }
    }
}
