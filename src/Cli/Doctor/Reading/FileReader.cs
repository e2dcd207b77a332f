using System.Net;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Uapi;

namespace WgNet.Cli.Doctor;

/// <summary>Reads a configuration file, and who may read it and its key files.</summary>
internal static class FileReader
{
    public static FileFacts Read(string path, string name)
    {
        // To read a pipe would take for ever, and a device's permissions are not this program's business.
        if (File.Exists(path) && !FileStatus.IsRegularFile(path))
        {
            return new FileFacts(path) { Refusal = new ConfigurationFileException(path, 0, null, null, "a pipe or a device, and no file", null) };
        }

        var facts = new FileFacts(path) { Access = [AccessTo(path)], Clients = Clients(path, name) };
        ConfigurationFile file;
        try
        {
            file = ConfigurationFile.Load(path, ConfigurationMode.Replace, name);
        }
        catch (ConfigurationFileException e)
        {
            // Not the file's fault: it, or a key file of its, is root's.
            bool isForbidden = !Environment.IsPrivilegedProcess && (e.Line == 0 || e.Key is { } key && key.EndsWith("File", StringComparison.OrdinalIgnoreCase));
            return facts with { Refusal = e, IsForbidden = isForbidden };
        }

        try
        {
            return facts with
            {
                Tunnel = TunnelOf(file),
                Addresses = [.. file.Quick.Addresses.Select(address => new OwnAddress(address.Address, address.PrefixLength))],
                Mtu = file.Quick.Mtu,
                IsTableOff = file.Quick.Table == "off",
                IsSaved = file.Quick.SaveConfig,
                UpHooks = [.. file.Quick.PreUp, .. file.Quick.PostUp],
                Sections = file.Sections,
                Warnings = [.. file.Warnings.Except(KeyFiles(file).Select(KeyAccess.WorldAccessibleWarning), StringComparer.Ordinal)],
                Access = [.. facts.Access, .. KeyFiles(file).Select(AccessTo)],
            };
        }
        finally
        {
            file.Update.Wipe();
        }
    }

    private static TunnelFacts TunnelOf(ConfigurationFile file)
    {
        byte[] privateKey = file.Update.PrivateKey ?? [];
        bool hasKey = !KeyFacts.IsZero(privateKey);
        ConfigurationSection[] sections = [.. file.Sections.Where(section => !section.IsInterface)];
        return new TunnelFacts
        {
            HasPrivateKey = hasKey,
            HasPrivateKeyShape = !hasKey || KeyFacts.HasPrivateShape(privateKey),
            OwnKey = KeyFacts.PublicOf(privateKey),
            ListenPort = file.Update.ListenPort ?? 0,
            Mark = file.Update.FirewallMark ?? 0,
            Peers = [.. file.Update.Peers.Select((peer, i) => PeerOf(peer, sections[i].Settings.FindLast(setting => setting.Is("PublicKey")).Line, privateKey))],
        };
    }

    private static PeerFacts PeerOf(PeerUpdate peer, int line, byte[] privateKey)
    {
        bool isPrivate = KeyFacts.IsSame(peer.PublicKey, privateKey);
        PublicKey shown = isPrivate ? default : peer.PublicKey;
        return new PeerFacts(shown, isPrivate ? $"the peer in line {line}" : $"{KeyFacts.Short(shown)} (line {line})")
        {
            Line = line,
            IsOwnPrivateKey = isPrivate,
            HasEndpoint = peer.Endpoint is not null || !string.IsNullOrEmpty(peer.EndpointHost),
            Endpoint = peer.Endpoint,
            EndpointName = string.IsNullOrEmpty(peer.EndpointHost) ? null : peer.EndpointHost,
            AllowedIps = Apply(peer.AllowedIps),
            LearnableIps = Apply(peer.LearnableIps),
        };
    }

    private static List<IpPrefix> Apply(List<PrefixUpdate> changes)
    {
        List<IpPrefix> prefixes = [];
        foreach (PrefixUpdate change in changes)
        {
            _ = prefixes.Remove(change.Prefix);
            if (!change.Remove)
            {
                prefixes.Add(change.Prefix);
            }
        }

        return prefixes;
    }

    private static IEnumerable<string> KeyFiles(ConfigurationFile file) => file.Update.Peers.Select(peer => peer.PresharedKeyFile)
        .Prepend(file.Update.PrivateKeyFile)
        .OfType<string>()
        .Where(path => path.Length > 0)
        .Distinct(StringComparer.Ordinal);

    private static AccessFacts AccessTo(string path) => new(path, ModeOf(path), ModeOf(Path.GetDirectoryName(path) ?? "/"));

    private static UnixFileMode? ModeOf(string path)
    {
        try
        {
            return File.GetUnixFileMode(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static List<ClientFacts> Clients(string path, string name)
    {
        List<ClientFacts> clients = [];
        foreach (string client in TextFile.List(Path.Combine(Path.GetDirectoryName(path) ?? "/", name + "-clients"), "*.conf").Where(FileStatus.IsRegularFile))
        {
            try
            {
                var file = ConfigurationFile.Load(client, ConfigurationMode.Append);
                file.Update.Wipe();
                OwnAddress[] linkLocals = [.. file.Quick.Addresses.Where(address => address.Address.IsIPv6LinkLocal).Select(address => new OwnAddress(address.Address, address.PrefixLength))];
                ConfigurationSetting line = file.Sections.SelectMany(section => section.Settings).FirstOrDefault(setting => setting.Is("Address") && Array.Exists(Items(setting), IsLinkLocal));
                clients.Add(new ClientFacts(client, line.Line, linkLocals) { Others = line.Line == 0 ? [] : [.. Items(line).Where(item => !IsLinkLocal(item))] });
            }
            catch (ConfigurationFileException)
            {
                // Not this interface's own: it is the client that will refuse it.
            }
        }

        return clients;
    }

    private static string[] Items(ConfigurationSetting setting) => setting.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static bool IsLinkLocal(string address) => IPAddress.TryParse(address.Split('/')[0], out IPAddress? parsed) && parsed.IsIPv6LinkLocal;
}
