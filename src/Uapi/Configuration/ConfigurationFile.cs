using System.Security.Cryptography;
using System.Text;
using WgNet.Device;
using WgNet.Protocol;

namespace WgNet.Uapi;

/// <summary>How a configuration file meets the configuration that an interface already has.</summary>
public enum ConfigurationMode
{
    /// <summary>As <c>wg setconf</c>: what the file does not mention is removed or set back.</summary>
    Replace,

    /// <summary>As <c>wg addconf</c>: what the file does not mention stays.</summary>
    Append,
}

/// <summary>
/// A configuration file in the syntax of wg(8) and wg-quick(8), with WgNet's keys. Sections and keys in any case, comments from
/// # to the end of the line. Names of endpoints are kept as text: <see cref="EndpointResolver"/> looks them up.
/// </summary>
public sealed class ConfigurationFile
{
    private const int FirstReadSize = 16 * 1024;
    private const int MaxSize = 64 << 20;

    // Longer is no typing mistake.
    private const int MaxKeyLength = 24;

    // What may stand more than once in a section, each adding to those before.
    private static readonly string[] ListKeys = ["Address", "DNS", "PreUp", "PostUp", "PreDown", "PostDown", "AllowedIPs", "LearnableIPs"];

    private readonly ConfigurationSource _source;
    private readonly InterfaceSection _interface = new();
    private readonly List<PeerSection> _peers = [];
    private readonly List<ConfigurationSection> _sections = [];

    private ConfigurationFile(string file, string? interfaceName) =>
        _source = new ConfigurationSource(file, interfaceName ?? Path.GetFileNameWithoutExtension(file), Warnings.Add);

    /// <summary>The receiver wipes its keys.</summary>
    public DeviceUpdate Update { get; } = new();

    /// <summary>What was taken but may not be meant, in wg(8)'s words.</summary>
    public List<string> Warnings { get; } = [];

    public QuickSettings Quick => _interface.Quick;

    /// <summary>The sections as they were written.</summary>
    public IReadOnlyList<ConfigurationSection> Sections => _sections;

    /// <summary>What a peer gets that says nothing but its key: the Learn settings of [Interface].</summary>
    public PeerUpdate PeerDefaults => new PeerSection(firstLine: 0).ToUpdate(default, _interface.Learn);

    /// <summary>What a device refused, to be thrown, with the line of the setting that it refused if that is one of [Interface].</summary>
    public Exception Refuse(UapiException refusal)
    {
        string? key = refusal.RefusedKey switch { "listen_port" => "ListenPort", "metrics_listen" => "MetricsListen", _ => null };
        ConfigurationSetting setting = key is null ? default
            : _sections.Where(section => section.IsInterface).SelectMany(section => section.Settings).LastOrDefault(setting => setting.Is(key));
        return setting.Line == 0 ? refusal
            : Refuse(key!, setting.Value, refusal.RefusedReason ?? refusal.Message, key == "ListenPort"
                ? "a port that nothing else listens on, or no ListenPort for any that is free"
                : "off, the path of a socket that may be made, or an address of this host and a free port");
    }

    /// <summary>A refusal, to be thrown, of a setting of [Interface] that turned out to be impossible only when it was applied.</summary>
    public ConfigurationFileException Refuse(string key, string value, string reason, string? expected)
    {
        int line = _sections.Where(section => section.IsInterface).SelectMany(section => section.Settings).LastOrDefault(setting => setting.Is(key)).Line;
        return new ConfigurationFileException(_source.File, line, key, value, reason, expected);
    }

    /// <exception cref="ConfigurationFileException">It cannot be read, or something in it is wrong.</exception>
    /// <inheritdoc cref="Parse"/>
    public static ConfigurationFile Load(string path, ConfigurationMode mode, string? interfaceName = null)
    {
        byte[] content = [];
        char[] text = [];
        try
        {
            content = ReadAll(path);
            text = new char[Encoding.UTF8.GetMaxCharCount(content.Length)];
            return Parse(text.AsSpan(0, Encoding.UTF8.GetChars(content, text)), path, mode, interfaceName);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationFileException(Path.GetFullPath(path), 0, null, null, KeyAccess.Explain(path, e), expected: null);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
            text.AsSpan().Clear();
        }
    }

    /// <param name="file">For messages, and where relative key files are looked for.</param>
    /// <param name="interfaceName">What <c>%i</c> in the paths of key files stands for; the file's name without its extension if it is not given.</param>
    /// <exception cref="ConfigurationFileException">Something in it is wrong.</exception>
    public static ConfigurationFile Parse(ReadOnlySpan<char> text, string file, ConfigurationMode mode, string? interfaceName = null)
    {
        var configuration = new ConfigurationFile(file, interfaceName);
        try
        {
            int number = 0;
            if (text.IndexOf('\0') is >= 0 and int zero)
            {
                throw new ConfigurationFileException(file, text[..zero].Count('\n') + 1, null, null, "a zero byte: this is not text", "a file in UTF-8");
            }

            // The mark that some editors put first.
            text = text is ['\uFEFF', ..] ? text[1..] : text;
            foreach (Range line in text.Split('\n'))
            {
                configuration.TakeLine(text[line], ++number);
            }

            configuration.Finish(mode);
            return configuration;
        }
        catch
        {
            configuration.Wipe();
            throw;
        }
    }

    private void TakeLine(ReadOnlySpan<char> line, int number)
    {
        int comment = line.IndexOf('#');
        line = (comment < 0 ? line : line[..comment]).Trim();
        if (line.IsEmpty)
        {
            return;
        }

        if (line[0] == '[')
        {
            BeginSection(line, number);
            return;
        }

        int equals = line.IndexOf('=');
        string key = equals <= 0 ? "" : string.Concat(line[..equals].ToString().Where(c => !char.IsWhiteSpace(c)));
        if (key.Length is 0 or > MaxKeyLength || !key.All(char.IsAsciiLetter))
        {
            // Not quoted: base64 ends with an equals sign, so that it may be a key of the other kind that stands alone.
            throw new ConfigurationFileException(_source.File, number, null, null, "not a setting", "Key = value");
        }

        var setting = new ConfigurationLine(_source, number, key, line[(equals + 1)..]);
        if (_sections.Count == 0)
        {
            throw setting.RefuseSecret("a setting before the first section", "[Interface] or [Peer] above it");
        }

        NoteTwice(setting, number);
        if (_sections[^1].IsInterface)
        {
            _interface.Take(setting);
        }
        else
        {
            _peers[^1].Take(setting);
        }

        if (key.ToUpperInvariant() is not ("PRIVATEKEY" or "PRESHAREDKEY"))
        {
            _sections[^1].Settings.Add(new ConfigurationSetting(key, setting.Text, number));
        }
    }

    // As in wg(8) the later one counts, but two keys in one [Peer] are two peers of which one lost its [Peer].
    private void NoteTwice(in ConfigurationLine setting, int number)
    {
        if (ListKeys.Contains(setting.Key, StringComparer.OrdinalIgnoreCase))
        {
            return;
        }

        int first = _sections[^1].FirstLine(setting.Key, number);
        if (first < number && setting.Key.Equals("PublicKey", StringComparison.OrdinalIgnoreCase))
        {
            throw setting.Refuse($"this [Peer] has one already, in line {first}", "[Peer] above each peer's PublicKey");
        }

        if (first < number)
        {
            Warnings.Add($"Warning: {_source.File}:{number}: {setting.Key} stands in line {first} too; only this one counts");
        }
    }

    private void BeginSection(ReadOnlySpan<char> line, int number)
    {
        string name = string.Concat(line.ToString().Where(c => !char.IsWhiteSpace(c)));
        switch (name.ToUpperInvariant())
        {
            case "[INTERFACE]":
                _sections.Add(new ConfigurationSection(isInterface: true));
                break;
            case "[PEER]":
                _sections.Add(new ConfigurationSection(isInterface: false));
                _peers.Add(new PeerSection(number));
                break;
            default:
                throw new ConfigurationFileException(_source.File, number, null, null, "unknown section", "[Interface] or [Peer]");
        }
    }

    private void Finish(ConfigurationMode mode)
    {
        bool replace = mode == ConfigurationMode.Replace;
        Update.ReplacePeers = replace;
        // As wg setconf: a key, port, mark or number that the file does not mention is taken away.
        Update.PrivateKey = _interface.PrivateKey.Key ?? (replace ? new byte[UapiValue.KeySize] : null);
        Update.PrivateKeyFile = _interface.PrivateKey.File;
        Update.ListenPort = _interface.ListenPort ?? (replace ? 0 : null);
        Update.FirewallMark = _interface.FirewallMark ?? (replace ? 0 : null);
        Update.Workers = _interface.Workers ?? (replace ? WorkerCount.Automatic : null);
        Update.MetricsListen = _interface.MetricsListen ?? (replace ? MetricsAddress.Off : null);
        Update.StateFile = _interface.StateFile ?? (replace ? true : null);
        Dictionary<PublicKey, int> lines = [];
        foreach (PeerSection peer in _peers)
        {
            PublicKey key = peer.RequirePublicKey(_source.File);
            if (!lines.TryAdd(key, peer.FirstLine))
            {
                Warnings.Add($"Warning: {_source.File}:{peer.FirstLine}: this [Peer] is the one of line {lines[key]} again; what it says takes the place of what was said there");
            }

            Update.Peers.Add(peer.ToUpdate(key, _interface.Learn));
        }
    }

    private void Wipe()
    {
        _interface.PrivateKey.Wipe();
        _peers.ForEach(peer => peer.Wipe());
    }

    // Not File.ReadAllBytes: the file may be a pipe, and the buffers hold keys.
    private static byte[] ReadAll(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        byte[] content = new byte[FirstReadSize];
        int length = 0, read;
        while ((read = file.Read(content, length, content.Length - length)) > 0)
        {
            length += read;
            if (length == content.Length)
            {
                if (length >= MaxSize)
                {
                    content.Wipe();
                    throw new IOException("File too large: a configuration has at most 64 MiB");
                }

                byte[] larger = new byte[length * 2];
                content.CopyTo(larger, 0);
                content.Wipe();
                content = larger;
            }
        }

        byte[] exact = content[..length];
        content.Wipe();
        return exact;
    }
}
