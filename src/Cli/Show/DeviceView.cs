using WgNet.Cli.Keys;
using WgNet.Device;
using WgNet.Protocol;

namespace WgNet.Cli.Show;

/// <summary>A device to be shown: its name, what it reported, and the public key that follows from its private key. Wipes the secrets when disposed.</summary>
internal sealed class DeviceView(string name, DeviceSnapshot snapshot, PublicKey? publicKey) : IDisposable
{
    public string Name { get; } = name;

    public DeviceSnapshot Snapshot { get; } = snapshot;

    /// <summary>Null if the device has no private key.</summary>
    public PublicKey? PublicKey { get; } = publicKey;

    public static DeviceView Of(string name, DeviceSnapshot snapshot) =>
        new(name, snapshot, snapshot.PrivateKey is { } privateKey ? KeyText.PublicKeyOf(privateKey) : null);

    public void Dispose() => Snapshot.Wipe();
}
