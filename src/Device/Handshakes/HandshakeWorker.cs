using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>The handshake thread: answers handshake messages and sends initiations, so that curve arithmetic never holds up a packet.</summary>
internal sealed class HandshakeWorker(WireGuardDevice device, SessionTable sessions, HandshakeQueue queue, TimestampFloor timestamps)
{
    // Once under load, the device counts as such for this long (kernel: wg_receive_handshake_packet, one second).
    private const long UnderLoadHold = 1_000_000_000;

    private readonly byte[] _message = new byte[HandshakeQueue.LongestMessage];
    private readonly byte[] _reply = new byte[HandshakeQueue.LongestMessage];
    private long _underLoadUntil = long.MinValue;

    /// <summary>Runs until the queue is closed.</summary>
    public void Run()
    {
        while (queue.Take(_message, out HandshakeItem item))
        {
            if (item.Initiate is { } peer)
            {
                Initiate(peer, item.IsRetry);
            }
            else
            {
                Consume(_message.AsSpan(0, item.Length), item.Source!);
            }
        }
    }

    private void Initiate(Peer peer, bool isRetry)
    {
        long now = Clock.BootTime;
        if (peer.Endpoint is null || !device.IsUp)
        {
            return;
        }

        Span<byte> initiation = _reply.AsSpan(0, HandshakeQueue.LongestMessage);
        if (peer.Session.TryCreateInitiation(now, Clock.WallTime, isRetry, initiation))
        {
            timestamps.Sent(sessions.LastTimestamp);
            Endpoint endpoint = device.EndpointForInitiation(peer, now);
            device.Log.Verbose($"{peer.Session.RemoteStatic}: sending handshake initiation to {endpoint}");
            SendHandshake(peer, endpoint, initiation, now);
        }

        device.Perform(peer, SessionActions.Reschedule);
    }

    private void Consume(ReadOnlySpan<byte> message, Endpoint source)
    {
        long now = Clock.BootTime;
        if (queue.Count >= HandshakeQueue.UnderLoadAt)
        {
            _underLoadUntil = now + UnderLoadHold;
        }

        HandshakeResult result = sessions.Consume(message, source.CookieInput, now < _underLoadUntil, now, Clock.WallTime, _reply);
        ReadOnlySpan<byte> reply = _reply.AsSpan(0, result.ReplyLength);
        if (result.Event == HandshakeEvent.CookieReplyCreated)
        {
            device.Drops.Add(result.Reason);
            device.Send(source, reply);
        }
        else if (result.Session?.Owner is not Peer peer || result.Event == HandshakeEvent.Dropped)
        {
            ((result.Session?.Owner as Peer)?.Drops ?? device.Drops).Add(result.Reason);
            device.Log.Verbose($"dropped a handshake message from {source}: {result.Reason}");
        }
        else
        {
            peer.CountReceived(message.Length);
            Complete(result.Event, peer, source, reply, now);
        }
    }

    // The message was authentic. A handshake message moves the endpoint, a cookie reply does not (whitepaper 6.5).
    private void Complete(HandshakeEvent what, Peer peer, Endpoint source, ReadOnlySpan<byte> reply, long now)
    {
        switch (what)
        {
            case HandshakeEvent.InitiationConsumed:
                device.Log.Verbose($"{peer.Session.RemoteStatic}: answering handshake initiation from {source}");
                device.Roam(peer, source, now);
                SendHandshake(peer, source, reply, now);
                break;
            case HandshakeEvent.ResponseConsumed:
                device.Log.Verbose($"{peer.Session.RemoteStatic}: handshake complete with {source}");
                device.Roam(peer, source, now);
                device.Events.HandshakeCompleted(peer, isInitiator: true);
                device.Perform(peer, SessionActions.SendStaged | SessionActions.SendKeepalive | SessionActions.Reschedule);
                break;
            case HandshakeEvent.CookieReplyConsumed:
                break;
        }
    }

    private void SendHandshake(Peer peer, Endpoint endpoint, ReadOnlySpan<byte> message, long now)
    {
        if (device.Send(endpoint, message))
        {
            peer.CountSent(message.Length);
        }

        device.Perform(peer, peer.Session.HandshakeSent(now) | SessionActions.Reschedule);
    }
}
