using System.Runtime.CompilerServices;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Udp;

namespace WgNet.Device;

/// <content>What the protocol asks for, done: handshakes asked for, keepalives and staged packets sent, timers set.</content>
public sealed partial class WireGuardDevice
{
    /// <summary>Does what the protocol asked for. Called from every thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Perform(Peer peer, SessionActions actions)
    {
        if (actions != SessionActions.None)
        {
            PerformAll(peer, actions);
        }
    }

    private void PerformAll(Peer peer, SessionActions actions)
    {
        if (actions.HasFlag(SessionActions.ClearEndpointSource))
        {
            peer.ClearEndpointSource();
        }

        long now = Clock.BootTime;
        if (actions.HasFlag(SessionActions.SendInitiationRetry))
        {
            _handshakes.RequestInitiation(peer, isRetry: true);
        }
        else if (actions.HasFlag(SessionActions.SendInitiation))
        {
            RequestInitiation(peer, now);
        }

        if (actions.HasFlag(SessionActions.DropStaged))
        {
            peer.Drops.Add(InsideDrop.StagedOverflow, peer.Staged.Clear());
        }

        // A packet that waited confirms keys as well as a keepalive does, if it was not another thread that sent it.
        bool isKeepaliveDue = actions.HasFlag(SessionActions.SendKeepalive);
        bool areStagedDue = !peer.Staged.IsEmpty && (isKeepaliveDue || actions.HasFlag(SessionActions.SendStaged));
        if (!(areStagedDue && SendStaged(peer, now)) && isKeepaliveDue)
        {
            SendKeepalive(peer, now);
        }

        if (actions.HasFlag(SessionActions.Reschedule))
        {
            _timers.Schedule(peer);
        }
    }

    /// <summary>
    /// Sends what the peer has staged, after what another thread is sending of it, or asks for the handshake that it waits for.
    /// False if nothing was sent.
    /// </summary>
    internal bool SendStaged(Peer peer, long now)
    {
        Keypair? keypair;
        bool sent = false;
        lock (peer.Staged.Sending)
        {
            keypair = peer.Session.SendingKeypair(now);
            if (keypair is null)
            {
                RequestInitiation(peer, now);
                return false;
            }

            peer.Staged.BeginSending();
            while (peer.Staged.Count > 0)
            {
                // The counter first: if the keys ended meanwhile, the packet goes on waiting for the next ones.
                if (!keypair.TryReserve(1, out ulong counter))
                {
                    RequestInitiation(peer, now);
                    break;
                }

                if (peer.Staged.TryTake(out byte[] packet, out byte ecn))
                {
                    sent |= SealAndSend(peer, keypair, counter, packet, ecn);
                }
            }

            peer.Staged.EndSending();
        }

        if (sent)
        {
            Perform(peer, peer.Session.DataSent(keypair, isKeepalive: false, now));
        }

        return sent;
    }

    /// <summary>Hands a batch to the kernel.</summary>
    internal void Send(SendBatch batch)
    {
        int refused = _outside.Send(batch);
        if (refused > 0)
        {
            Drops.Add(InsideDrop.UdpRefused, refused);
        }
    }

    /// <summary>Sends one datagram; false if it could not leave.</summary>
    internal bool Send(Endpoint to, ReadOnlySpan<byte> datagram) => _outside.Send(to, datagram, ecn: 0);

    // Every packet without a keypair asks, and so does every one under keys that are due: the answer is mostly no, and then the
    // handshake thread sleeps on.
    private void RequestInitiation(Peer peer, long now)
    {
        if (peer.Session.MayInitiate(now))
        {
            _handshakes.RequestInitiation(peer, isRetry: false);
        }
    }

    private void SendKeepalive(Peer peer, long now)
    {
        if (peer.Session.SendingKeypair(now) is not { } keypair || !keypair.TryReserve(1, out ulong counter))
        {
            RequestInitiation(peer, now);
        }
        else if (SealAndSend(peer, keypair, counter, [], ecn: 0))
        {
            Perform(peer, peer.Session.DataSent(keypair, isKeepalive: true, now));
        }
    }

    // Keepalives and staged packets: rare enough for a buffer each.
    private bool SealAndSend(Peer peer, Keypair keypair, ulong counter, ReadOnlySpan<byte> packet, byte ecn)
    {
        byte[] datagram = new byte[Padding.PaddedLength(packet.Length, _mtu) + Keypair.Overhead];
        packet.CopyTo(datagram.AsSpan(Keypair.HeaderSize));
        InsideDrop? dropped = !keypair.Seal(counter, datagram) ? InsideDrop.KeysWiped
            : peer.Endpoint is not { } endpoint ? InsideDrop.NoEndpoint
            : !_outside.Send(endpoint, datagram, ecn) ? InsideDrop.UdpRefused
            : null;
        if (dropped is { } reason)
        {
            // A keepalive is nobody's packet.
            peer.Drops.Add(reason, packet.IsEmpty ? 0 : 1);
            return false;
        }

        peer.CountSent(datagram.Length);
        return true;
    }
}
