using WgNet.Learning;
using WgNet.Linux;
using WgNet.Protocol;

namespace WgNet.Device;

/// <content>What outlives the process: who was where, outside and inside. The rules are in docs/learning.md.</content>
public sealed partial class WireGuardDevice
{
    private readonly WaitingPeers _waiting = new();
    private readonly StateKeeper _state;

    /// <summary>
    /// Writes what a restart has to know, for the last time. Before the control socket goes, so that whoever starts the next device when
    /// the socket is gone has all of it.
    /// </summary>
    public void FinishState()
    {
        // One that never ran knows nothing that the file does not.
        if (_threads.Count > 0)
        {
            _state.Finish();
        }
    }

    private void LoadState()
    {
        long now = Clock.BootTime;
        foreach (SavedPeer peer in _state.Load())
        {
            _waiting.Add(peer, now);
        }
    }

    private void SetStateFile(bool on)
    {
        if (!on)
        {
            _waiting.Clear();
        }

        _state.Switch(on);
    }

    // A configuration that replaces all peers, as wg setconf does, should not cost those that it keeps more than a restart would.
    private void KeepReplaced(List<PeerUpdate> updates)
    {
        if (!_state.IsOn || !_state.HasFile)
        {
            return;
        }

        long now = Clock.BootTime;
        Dictionary<PublicKey, SavedPeer> waiting = _waiting.Copy(now);
        HashSet<PublicKey> kept = [.. updates.Where(update => !update.Remove).Select(update => update.PublicKey)];
        foreach (Peer peer in _peers.Values)
        {
            if (kept.Contains(peer.Session.RemoteStatic))
            {
                _waiting.Add(Saved(peer, waiting, now), now);
            }
            else
            {
                _waiting.Forget(peer.Session.RemoteStatic);
            }
        }
    }

    // When all of the update is in force. What may not be claimed yet waits for prefixes in which it may; what may be is settled,
    // one way or the other.
    private void RestorePeers(List<PeerUpdate> updates)
    {
        long now = Clock.BootTime;
        foreach (PeerUpdate update in updates)
        {
            if (_peers.TryGetValue(update.PublicKey, out Peer? peer))
            {
                _waiting.Settle(update.PublicKey, now, learned => TryRestore(peer, learned, now));
            }
        }

        _timers.WakeBy(_learner.NextExpiry);
    }

    private bool TryRestore(Peer peer, in LearnedAddress learned, long now)
    {
        UInt128 address = learned.Address;
        if (!peer.Learning.LearnablePrefixes.Any(prefix => prefix.ContainsIPv6(address)))
        {
            return false;
        }

        _ = _learner.Restore(peer.Learning, learned, now);
        return true;
    }

    // On the state's thread, beside everything else.
    private void CollectState(SavedStateWriter writer, long now)
    {
        Dictionary<PublicKey, SavedPeer> waiting = _waiting.Copy(now);
        foreach (Peer peer in _peerList)
        {
            SavedPeer saved = Saved(peer, waiting, now);
            if (!saved.IsEmpty)
            {
                writer.Add(saved);
            }
        }

        foreach (SavedPeer peer in waiting.Values)
        {
            writer.Add(peer);
        }
    }

    // What is known of a peer, and what still waits for it, which is taken out.
    private SavedPeer Saved(Peer peer, Dictionary<PublicKey, SavedPeer> waiting, long now)
    {
        _ = waiting.Remove(peer.Session.RemoteStatic, out SavedPeer? rest);
        List<LearnedAddress> learned = _learner.Learned(peer.Learning, now);
        learned.AddRange(rest?.Learned ?? []);
        return new SavedPeer(peer.Session.RemoteStatic)
        {
            Endpoint = peer.Endpoint ?? rest?.Endpoint,
            Waited = rest?.Waited ?? 0,
            Learned = learned,
        };
    }
}
