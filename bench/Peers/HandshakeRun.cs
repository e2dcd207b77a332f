using System.Buffers.Binary;
using System.Diagnostics;
using WgNet.Udp;

namespace WgNet.Peers;

/// <summary>What a run of handshakes came to.</summary>
/// <param name="Answered">Responses, each checked to be genuine afterwards.</param>
/// <param name="Cookies">Cookie replies: the gateway thought itself under load.</param>
/// <param name="Repeated">Initiations sent again because nothing came back for a while.</param>
internal sealed record RunResult(int Answered, int Cookies, int Repeated, double Seconds);

/// <summary>
/// Every peer shakes hands once, so many of them at a time: an answer makes room for the next. Initiations are made before
/// the clock starts and responses verified after it stops, so that what is measured is the gateway.
/// </summary>
internal sealed class HandshakeRun(UdpSockets sockets, Initiator[] peers)
{
    private const uint Response = 2, CookieReply = 3;

    // Far above what an answer takes behind a full queue of them.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Dictionary<uint, Initiator> _waiting = [];
    private readonly Queue<Initiator> _inFlight = new();
    private readonly long[] _sentAt = new long[peers.Max(peer => peer.Number) + 1];
    private int _next;
    private int _answered;
    private int _cookies;
    private int _repeated;

    /// <param name="inFlight">How many initiations may be unanswered at once.</param>
    public RunResult Run(int inFlight)
    {
        foreach (Initiator peer in peers)
        {
            peer.Initiate();
        }

        using var batch = new ReceiveBatch();
        using var tick = new Timer(_ => sockets.Wake(), null, TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100));
        long start = Stopwatch.GetTimestamp();
        while (_next < Math.Min(inFlight, peers.Length))
        {
            SendNext();
        }

        while (_answered < peers.Length)
        {
            int count = sockets.Receive(batch);
            for (int i = 0; i < count; i++)
            {
                Take(batch, batch[i]);
            }

            if (Stopwatch.GetElapsedTime(start) > Limit)
            {
                break;
            }

            RepeatUnanswered();
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        foreach (Initiator peer in peers.Where(peer => peer.IsAnswered))
        {
            sockets.Send(peer.Gateway, peer.Complete(), ecn: 0);
        }

        return new RunResult(_answered, _cookies, _repeated, seconds);
    }

    private void Take(ReceiveBatch batch, in ReceivedMessage message)
    {
        for (int offset = 0; offset < message.Length; offset += message.SegmentSize)
        {
            Take(batch.Buffer.Slice(message.Offset + offset, Math.Min(message.SegmentSize, message.Length - offset)));
        }
    }

    private void Take(ReadOnlySpan<byte> answer)
    {
        uint type = BinaryPrimitives.ReadUInt32LittleEndian(answer);
        if (type == Response && answer.Length == HandshakeSizes.Response
            && _waiting.Remove(BinaryPrimitives.ReadUInt32LittleEndian(answer[8..]), out Initiator? peer))
        {
            peer.Keep(answer);
            _answered++;
            SendNext();
        }
        else if (type == CookieReply && answer.Length == HandshakeSizes.CookieReply
            && _waiting.Remove(BinaryPrimitives.ReadUInt32LittleEndian(answer[4..]), out peer))
        {
            _cookies++;
            peer.TakeCookie(answer);
            peer.Initiate();
            Send(peer);
        }
    }

    private void SendNext()
    {
        if (_next < peers.Length)
        {
            Send(peers[_next++]);
        }
    }

    private void Send(Initiator peer)
    {
        _waiting[peer.Sender] = peer;
        _sentAt[peer.Number] = Stopwatch.GetTimestamp();
        _inFlight.Enqueue(peer);
        sockets.Send(peer.Gateway, peer.Initiation, ecn: 0);
    }

    // In the order in which they were sent; one that was answered meanwhile, or sent again, is passed over.
    private void RepeatUnanswered()
    {
        while (_inFlight.TryPeek(out Initiator? peer)
            && (peer.IsAnswered || Stopwatch.GetElapsedTime(_sentAt[peer.Number]) > Patience))
        {
            _inFlight.Dequeue();
            if (!peer.IsAnswered)
            {
                _repeated++;
                _waiting.Remove(peer.Sender);
                peer.Initiate();
                Send(peer);
            }
        }
    }
}
