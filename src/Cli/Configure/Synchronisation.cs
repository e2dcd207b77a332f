using WgNet.Device;
using WgNet.Uapi;

namespace WgNet.Cli.Configure;

/// <summary>Turns an update that replaces every peer into one that changes only what differs, so that sessions go on.</summary>
internal static class Synchronisation
{
    private const int KeySize = 32;

    public static DeviceUpdate Of(string name, DeviceUpdate update)
    {
        DeviceSnapshot now = UapiClient.Get(name);
        try
        {
            return Between(now, update);
        }
        finally
        {
            now.Wipe();
        }
    }

    /// <summary>Peers that the update does not name are removed; what it leaves unsaid of the others is set back. Changes <paramref name="update"/>.</summary>
    internal static DeviceUpdate Between(DeviceSnapshot now, DeviceUpdate update)
    {
        var known = now.Peers.ToDictionary(peer => peer.PublicKey);
        update.ReplacePeers = false;
        foreach (PeerUpdate peer in update.Peers)
        {
            if (known.Remove(peer.PublicKey))
            {
                peer.ReplaceAllowedIps = true;
                peer.ReplaceLearnableIps = true;
                peer.PresharedKey ??= new byte[KeySize];
                peer.PersistentKeepalive ??= 0;
                if (now.WgNetVersion is not null)
                {
                    peer.LearnLimit ??= WgNet.Learning.LearnDefaults.Limit;
                    peer.LearnTimeoutSeconds ??= (long)WgNet.Learning.LearnDefaults.Timeout.TotalSeconds;
                }
            }
        }

        update.Peers.InsertRange(0, known.Keys.Select(key => new PeerUpdate(key) { Remove = true }));
        return update;
    }
}
