using System.Security.Cryptography;
using WgNet.Device;

namespace WgNet.Uapi;

/// <summary>Wiping of the keys that updates and snapshots carry.</summary>
public static class SecretExtensions
{
    public static void Wipe(this byte[]? key) => CryptographicOperations.ZeroMemory(key);

    public static void Wipe(this DeviceUpdate update)
    {
        update.PrivateKey.Wipe();
        foreach (PeerUpdate peer in update.Peers)
        {
            peer.PresharedKey.Wipe();
        }
    }

    public static void Wipe(this DeviceSnapshot snapshot)
    {
        snapshot.PrivateKey.Wipe();
        foreach (PeerSnapshot peer in snapshot.Peers)
        {
            peer.PresharedKey.Wipe();
        }
    }
}
