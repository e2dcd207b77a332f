using System.Globalization;
using System.Net;
using WgNet.Device;
using WgNet.Routing;
using static WgNet.Uapi.ConfigurationFileException;

namespace WgNet.Uapi;

/// <summary>
/// One <c>Key = value</c> line and the ways to read its value. Every refusal names the file, the line, the key, the value unless
/// it is a secret, and what would be right.
/// </summary>
internal readonly ref struct ConfigurationLine
{
    private readonly ConfigurationSource _source;
    private readonly int _number;
    private readonly ReadOnlySpan<char> _value;

    public ConfigurationLine(ConfigurationSource source, int number, string key, ReadOnlySpan<char> value)
    {
        _source = source;
        _number = number;
        Key = key;
        _value = value;
    }

    /// <summary>As written, spaces left out.</summary>
    public string Key { get; }

    /// <summary>The value with single words kept apart, as hooks need it.</summary>
    public string Text => _value.Trim().ToString();

    // wg(8) leaves out every space before it looks at a value.
    private string Compact => string.Concat(_value.ToString().Where(c => !char.IsWhiteSpace(c)));

    public byte[] Secret()
    {
        Span<char> compact = stackalloc char[64];
        int length = 0;
        foreach (char c in _value)
        {
            if (!char.IsWhiteSpace(c) && length < compact.Length)
            {
                compact[length++] = c;
            }
        }

        byte[]? secret = KeyFile.DecodeBase64(compact[..length]);
        compact.Clear();
        return secret ?? throw RefuseSecret("not a key", "44 characters of base64, as wg genkey prints them");
    }

    /// <param name="which">private or preshared.</param>
    /// <param name="file">The path, if there is a key and it can be read from there again; else empty.</param>
    public byte[] SecretFile(string which, out string file)
    {
        const string Expected = "the path of a file that holds one key, as wg genkey prints it";
        if (Text.Length == 0)
        {
            throw Refuse(Text, $"no file for the {which} key", Expected);
        }

        if (KeyFile.IsKey(Text))
        {
            throw RefuseSecret($"the {which} key itself and not its file", Expected);
        }

        string path = Text;
        try
        {
            path = _source.PathOf(Text);
            byte[] key = KeyFile.Read(path, out bool isLasting);
            file = isLasting && key.AsSpan().ContainsAnyExcept((byte)0) && KeyFile.IsPath(path) ? path : "";
            if (isLasting && KeyAccess.IsWorldAccessible(path))
            {
                _source.Warn(KeyAccess.WorldAccessibleWarning(path));
            }

            return key;
        }
        catch (Exception e) when (KeyAccess.IsFailure(e))
        {
            throw Refuse(Text, $"cannot read the {which} key from {Printable(path)}: {KeyAccess.Explain(path, e)}", Expected);
        }
    }

    public Protocol.PublicKey PublicKey() => Protocol.PublicKey.TryParseBase64(Compact, out Protocol.PublicKey publicKey)
        ? publicKey
        : throw Refuse("not a key", "44 characters of base64, as wg pubkey prints them");

    public int Number(int min, int max) =>
        UapiValue.TryParseNumber(Compact, (ulong)max, out ulong number) && number >= (ulong)min
            ? (int)number
            : throw Refuse("not a number in range", string.Create(CultureInfo.InvariantCulture, $"{min} to {max}"));

    public ushort Keepalive() => SettingText.TryParseKeepalive(Compact, out ushort seconds)
        ? seconds
        : throw Refuse("not an interval", "seconds, 1 to 65535, or off");

    public uint Mark() => SettingText.TryParseMark(Compact, out uint mark)
        ? mark
        : throw Refuse("not a mark", "a decimal or 0x hexadecimal number of 32 bits, or off");

    public MetricsAddress MetricsListen() => MetricsAddress.TryParse(Text, out MetricsAddress? address) ? address
        : throw Refuse("not a place to listen at", "off, a socket's absolute path such as /run/wgnet/wg0.metrics, or address:port such as [::1]:9586");

    public bool Boolean() => Compact.ToUpperInvariant() switch
    {
        "TRUE" => true,
        "FALSE" => false,
        _ => throw Refuse("neither true nor false", "true or false"),
    };

    public bool Switch() => Compact.ToUpperInvariant() switch
    {
        "ON" => true,
        "OFF" => false,
        _ => throw Refuse("neither on nor off", "on or off"),
    };

    /// <summary>Seconds, or a number with the suffix s, m, h or d.</summary>
    public long Duration() => SettingText.TryParseDuration(Compact, out long seconds) ? seconds : throw Refuse("not a time", SettingText.DurationExpected);

    /// <summary>Prefixes apart by commas; a bare address is a whole one. With a leading + or −, as wg(8) has it, none is replaced.</summary>
    public void Prefixes(List<PrefixUpdate> prefixes, ref bool replace, bool onlyIPv6)
    {
        int before = prefixes.Count;
        Action<string> warn = _source.Warn;
        if (SettingText.ReadPrefixes(Compact, prefixes, ref replace, prefix => warn(SettingText.HostBitsWarning(prefix))) is { } wrong)
        {
            throw Refuse(SettingText.ExplainPrefix(wrong), $"inside {(onlyIPv6 ? "IPv6 " : "")}prefixes, address/length, apart by commas, such as {(onlyIPv6 ? "" : "10.0.0.0/8, ")}fd00::/64");
        }

        if (onlyIPv6 && prefixes.FindIndex(before, update => !update.Remove && SettingText.WhyNotLearnable(update.Prefix) is not null) is >= 0 and int first)
        {
            throw Refuse($"`{prefixes[first].Prefix}' is {SettingText.WhyNotLearnable(prefixes[first].Prefix)}", "inside prefixes of IPv6 addresses that a peer may claim, such as 2001:db8:1:2::/64");
        }
    }

    public void Addresses(List<InterfaceAddress> addresses)
    {
        foreach (string item in Items())
        {
            if (!IpPrefix.TryParse(item, out IpPrefix prefix) || !IPAddress.TryParse(item.AsSpan(0, (item + '/').IndexOf('/', StringComparison.Ordinal)), out IPAddress? address))
            {
                throw Refuse(
                    EndpointName.IsEndpoint(item) ? $"`{Printable(item)}' is an outside address with a port" : $"`{Printable(item)}' is not an address",
                    "the interface's own inside addresses, address/length, apart by commas, such as 10.0.0.1/24, fd00::1/64");
            }

            addresses.Add(new InterfaceAddress(address, prefix.Length));
        }
    }

    /// <summary>Servers by address; what is a name is a search domain, as in wg-quick(8).</summary>
    public void Dns(QuickSettings quick)
    {
        foreach (string item in Items())
        {
            if (IpPrefix.TryParse(item, out _) && IPAddress.TryParse(item, out IPAddress? server))
            {
                quick.DnsServers.Add(server);
            }
            else if (Uri.CheckHostName(item) == UriHostNameType.Dns)
            {
                quick.DnsSearch.Add(item);
            }
            else
            {
                throw Refuse($"`{Printable(item)}' is neither an address nor a name", "addresses of servers and search domains, apart by commas");
            }
        }
    }

    public string EndpointText()
    {
        string text = Compact;
        if (EndpointName.IsEndpoint(text))
        {
            return text;
        }

        (string reason, string expected) = EndpointName.Explain(text);
        throw Refuse(Printable(reason), Printable(expected));
    }

    public string Command() => Text.Length > 0 ? Text : throw Refuse("no command", "a shell command");

    public string Word() => Text.Length > 0 && !Text.Any(char.IsWhiteSpace) ? Text
        : throw Refuse("not a table", "off, auto, a number, or a name of /etc/iproute2/rt_tables");

    public ConfigurationFileException Refuse(string reason, string? expected) => Refuse(Text, reason, expected);

    /// <summary>Without the value, which is a secret or may be one.</summary>
    public ConfigurationFileException RefuseSecret(string reason, string? expected) => Refuse(null, reason, expected);

    /// <summary>A key that its section does not have. The value is not shown: it may be a secret under a mistyped key.</summary>
    public ConfigurationFileException RefuseKey(string section, IEnumerable<string> keys, string otherSection, IEnumerable<string> otherKeys)
    {
        string expected = NearMiss.Of(Key, keys) is { } near ? near
            : NearMiss.Of(Key, otherKeys) is { } nearOther ? $"{nearOther} under [{otherSection}]"
            : $"one of {string.Join(", ", keys)}";
        return RefuseSecret($"unknown key in [{section}]", expected);
    }

    private ConfigurationFileException Refuse(string? shown, string reason, string? expected) =>
        new(_source.File, _number, Key, shown, reason, expected);

    private string[] Items() => _value.ToString().Split([',', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
