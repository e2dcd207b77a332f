using System.Globalization;
using System.Text;
using WgNet.Device;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Uapi;

namespace WgNet.Cli.Quick;

/// <summary>
/// A configuration file anew, as <c>wg-quick save</c> writes it: from the running interface what that knows, from the file as it
/// was all other keys. Keys of the device that stood in files of their own stay there. Pure.
/// </summary>
internal static class SavedText
{
    // Before the rest, in wg-quick's order.
    private static readonly string[] QuickOrder = ["Table", "SaveConfig", "PreUp", "PostUp", "PreDown", "PostDown"];

    // What the interface knows better than the file.
    private static readonly string[] OfInterface =
        ["Address", "DNS", "MTU", "ListenPort", "FwMark", "Workers", "MetricsListen", "StateFile", "PrivateKey", "PrivateKeyFile"];

    private static readonly string[] OfPeer =
        ["PublicKey", "PresharedKey", "PresharedKeyFile", "AllowedIPs", "Endpoint", "PersistentKeepalive", "LearnableIPs", "LearnLimit", "LearnTimeout"];

    /// <param name="dns">What the resolver has; the file's if it does not say.</param>
    public static string Of(ConfigurationFile file, DeviceSnapshot device, IEnumerable<InterfaceAddress> addresses, QuickSettings dns, int mtu)
    {
        StringBuilder text = new("[Interface]\n");
        foreach (InterfaceAddress address in addresses)
        {
            Line(text, "Address", address.ToString());
        }

        foreach (string item in Resolver.IsNeeded(dns) ? dns.DnsServers.Select(server => server.ToString()).Concat(dns.DnsSearch) : [])
        {
            Line(text, "DNS", item);
        }

        if (file.Quick.Mtu is not null)
        {
            Line(text, "MTU", mtu.ToString(CultureInfo.InvariantCulture));
        }

        AddInterface(text, file, device);
        foreach (PeerSnapshot peer in device.Peers)
        {
            _ = text.Append("\n[Peer]\n");
            AddPeer(text, peer, file);
        }

        return text.ToString();
    }

    private static void AddInterface(StringBuilder text, ConfigurationFile file, DeviceSnapshot device)
    {
        ConfigurationSetting[] settings = [.. file.Sections.Where(section => section.IsInterface).SelectMany(section => section.Settings)];
        foreach (string key in QuickOrder)
        {
            AddSettings(text, settings.Where(setting => setting.Is(key)));
        }

        AddSettings(text, settings.Where(setting => !IsOneOf(setting, QuickOrder) && !IsOneOf(setting, OfInterface)));
        if (device.ListenPort != 0)
        {
            Line(text, "ListenPort", device.ListenPort.ToString(CultureInfo.InvariantCulture));
        }

        if (device.FirewallMark != 0)
        {
            Line(text, "FwMark", string.Create(CultureInfo.InvariantCulture, $"0x{device.FirewallMark:x}"));
        }

        if (device.Workers != WorkerCount.Automatic)
        {
            Line(text, "Workers", device.Workers.ToString(CultureInfo.InvariantCulture));
        }

        if (device.MetricsListen is { } metrics && metrics != MetricsAddress.Off)
        {
            Line(text, "MetricsListen", metrics.ToString());
        }

        if (!device.StateFile)
        {
            Line(text, "StateFile", "off");
        }

        string? named = settings.LastOrDefault(setting => setting.Is("PrivateKeyFile")).Value;
        AddSecret(text, "PrivateKey", KeyFileText(named, file.Update.PrivateKeyFile, device.PrivateKeyFile), device.PrivateKey);
    }

    private static void AddPeer(StringBuilder text, PeerSnapshot peer, ConfigurationFile file)
    {
        ConfigurationSection? section = file.Sections.LastOrDefault(section => !section.IsInterface
            && PublicKey.TryParseBase64(section.Find("PublicKey") ?? "", out PublicKey key) && key == peer.PublicKey);
        Line(text, "PublicKey", peer.PublicKey.ToString());
        string? path = file.Update.Peers.FindLast(update => update.PublicKey == peer.PublicKey)?.PresharedKeyFile;
        AddSecret(text, "PresharedKey", KeyFileText(section?.Find("PresharedKeyFile"), path, peer.PresharedKeyFile), peer.PresharedKey);
        if (peer.AllowedIps.Count > 0)
        {
            Line(text, "AllowedIPs", string.Join(", ", peer.AllowedIps));
        }

        string? endpoint = peer.EndpointHost ?? peer.Endpoint?.ToString();
        if (endpoint is not null)
        {
            Line(text, "Endpoint", endpoint);
        }

        if (peer.PersistentKeepalive != 0)
        {
            Line(text, "PersistentKeepalive", peer.PersistentKeepalive.ToString(CultureInfo.InvariantCulture));
        }

        if (peer.LearnTimeoutSeconds > 0)
        {
            AddLearning(text, peer, file.PeerDefaults);
        }

        AddSettings(text, section?.Settings.Where(setting => !IsOneOf(setting, OfPeer)) ?? []);
    }

    // Only what differs from what a peer gets anyway.
    private static void AddLearning(StringBuilder text, PeerSnapshot peer, PeerUpdate defaults)
    {
        IEnumerable<IpPrefix> unsaid = defaults.LearnableIps.Select(update => update.Prefix);
        if (!peer.LearnableIps.ToHashSet().SetEquals(unsaid))
        {
            Line(text, "LearnableIPs", string.Join(", ", peer.LearnableIps));
        }

        if (peer.LearnLimit != (defaults.LearnLimit ?? Learning.LearnDefaults.Limit))
        {
            Line(text, "LearnLimit", peer.LearnLimit.ToString(CultureInfo.InvariantCulture));
        }

        if (peer.LearnTimeoutSeconds != (defaults.LearnTimeoutSeconds ?? (long)Learning.LearnDefaults.Timeout.TotalSeconds))
        {
            Line(text, "LearnTimeout", peer.LearnTimeoutSeconds.ToString(CultureInfo.InvariantCulture));
        }
    }

    // As the file named it, unless the device has the key from another file.
    private static string? KeyFileText(string? named, string? path, string? ofDevice) => ofDevice is null || ofDevice == path ? named ?? ofDevice : ofDevice;

    private static void AddSecret(StringBuilder text, string key, string? file, byte[]? secret)
    {
        if (file is not null)
        {
            Line(text, key + "File", file);
        }
        else if (secret is not null)
        {
            Line(text, key, Convert.ToBase64String(secret));
        }
    }

    private static void AddSettings(StringBuilder text, IEnumerable<ConfigurationSetting> settings)
    {
        foreach (ConfigurationSetting setting in settings)
        {
            Line(text, setting.Key, setting.Value);
        }
    }

    private static void Line(StringBuilder text, string key, string value) => text.Append(key).Append(" = ").Append(value).Append('\n');

    private static bool IsOneOf(ConfigurationSetting setting, string[] keys) => Array.Exists(keys, setting.Is);
}
