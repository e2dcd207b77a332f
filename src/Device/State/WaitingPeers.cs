using System.Diagnostics.CodeAnalysis;
using WgNet.Learning;
using WgNet.Protocol;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>
/// What is known of peers that are not configured, or not yet with the prefixes that let them claim it: a device starts without
/// peers, and gets them over the control socket. It waits for 24 hours in which a device runs, however many restarts that takes, and
/// is kept in the file until then. Thread-safe.
/// </summary>
internal sealed class WaitingPeers
{
    private readonly Lock _lock = new();

    // Ages and times waited are those at Since.
    private readonly Dictionary<PublicKey, (SavedPeer Peer, long Since)> _peers = [];

    /// <summary>Keeps it for later, in place of what waits for the same peer.</summary>
    public void Add(SavedPeer peer, long now)
    {
        if (!peer.IsEmpty)
        {
            lock (_lock)
            {
                _peers[peer.PublicKey] = (peer, now);
            }
        }
    }

    /// <summary>Where the peer was, if that is known; it goes on waiting.</summary>
    public Endpoint? Endpoint(in PublicKey key)
    {
        lock (_lock)
        {
            return _peers.TryGetValue(key, out (SavedPeer Peer, long Since) waiting) ? waiting.Peer.Endpoint : null;
        }
    }

    /// <summary>
    /// The peer is there: its endpoint waits no longer, nor do the addresses of which <paramref name="isSettled"/> says so. It is asked
    /// for pinned ones first, then from the youngest on, and calls nothing of this object.
    /// </summary>
    public void Settle(in PublicKey key, long now, Func<LearnedAddress, bool> isSettled)
    {
        lock (_lock)
        {
            if (TryGet(key, now, out SavedPeer? peer))
            {
                List<LearnedAddress> rest = [.. peer.Learned
                    .OrderByDescending(learned => learned.IsPinned)
                    .ThenBy(learned => learned.AgeNanoseconds)
                    .Where(learned => !isSettled(learned))];
                Put(peer with { Endpoint = null, Learned = rest }, now);
            }
        }
    }

    public void Forget(in PublicKey key)
    {
        lock (_lock)
        {
            _peers.Remove(key);
        }
    }

    public void Forget(in PublicKey key, UInt128 address, long now)
    {
        lock (_lock)
        {
            if (TryGet(key, now, out SavedPeer? peer))
            {
                peer.Learned.RemoveAll(learned => learned.Address == address);
                Put(peer, now);
            }
        }
    }

    public void Clear()
    {
        lock (_lock)
        {
            _peers.Clear();
        }
    }

    /// <summary>A copy of what waits now. What has waited long enough is dropped.</summary>
    public Dictionary<PublicKey, SavedPeer> Copy(long now)
    {
        Dictionary<PublicKey, SavedPeer> copy = [];
        lock (_lock)
        {
            foreach (PublicKey key in _peers.Keys)
            {
                if (TryGet(key, now, out SavedPeer? peer))
                {
                    copy.Add(key, peer);
                }
            }
        }

        return copy;
    }

    private static long Patience => (long)LearnDefaults.Timeout.TotalMilliseconds * SavedState.Millisecond;

    // As of now; under the lock.
    private bool TryGet(in PublicKey key, long now, [NotNullWhen(true)] out SavedPeer? peer)
    {
        peer = null;
        if (!_peers.TryGetValue(key, out (SavedPeer Peer, long Since) waiting))
        {
            return false;
        }

        long passed = Math.Max(0, now - waiting.Since);
        if (waiting.Peer.Waited + passed >= Patience)
        {
            _peers.Remove(key);
            return false;
        }

        peer = waiting.Peer.Older(passed, waited: passed);
        return true;
    }

    private void Put(SavedPeer peer, long now)
    {
        if (peer.IsEmpty)
        {
            _peers.Remove(peer.PublicKey);
        }
        else
        {
            _peers[peer.PublicKey] = (peer, now);
        }
    }
}
