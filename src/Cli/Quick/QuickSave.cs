using System.Security.Cryptography;
using WgNet.Cli.Show;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Uapi;

namespace WgNet.Cli.Quick;

/// <summary>Writes what a running interface is into its configuration file, as <c>wg-quick save</c> and <c>SaveConfig</c> do.</summary>
internal sealed class QuickSave(QuickFile file, ConfigurationFile configuration, Narrator narrator)
{
    private readonly string _name = file.InterfaceName;

    public void Run()
    {
        using RouteNetlink netlink = new();
        if (netlink.FindLink(_name) is not { } link || !RunningInterfaces.IsRunning(_name))
        {
            throw new CommandException($"`{_name}' is not a WireGuard interface");
        }

        using DeviceView device = new(_name, UapiClient.Get(_name), publicKey: null);
        WarnOfKeyFiles(device.Snapshot);
        QuickSettings current = new Resolver(_name, narrator).Current();
        QuickSettings dns = Resolver.IsNeeded(current) ? current : configuration.Quick;
        string text = SavedText.Of(configuration, device.Snapshot, InterfaceState.GivenAddresses(netlink, link.Index), dns, link.Mtu);
        narrator.Do($"wgnet showconf {_name} > {file.Path}", () => AtomicFile.Write(file.Path, text));
    }

    // A key that stands in a file of its own is never written elsewhere, nor that file.
    private void WarnOfKeyFiles(DeviceSnapshot device)
    {
        foreach (ConfigurationSection section in configuration.Sections)
        {
            bool isInterface = section.IsInterface;
            if (section.Find(isInterface ? "PrivateKeyFile" : "PresharedKeyFile") is not { } path)
            {
                continue;
            }

            _ = PublicKey.TryParseBase64(section.Find("PublicKey") ?? "", out PublicKey key);
            byte[]? inFile = isInterface ? configuration.Update.PrivateKey : configuration.Update.Peers.Find(peer => peer.PublicKey == key)?.PresharedKey;
            byte[]? inUse = isInterface ? device.PrivateKey : device.Peers.Find(peer => peer.PublicKey == key)?.PresharedKey;
            if (inUse is not null && !CryptographicOperations.FixedTimeEquals(inUse, inFile))
            {
                narrator.Warn($"{(isInterface ? "the private key" : $"the preshared key of {key}")} in use is not the one in `{path}', which is left as it is");
            }
        }
    }
}
