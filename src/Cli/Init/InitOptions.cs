using System.Globalization;
using System.Net;
using WgNet.Device;
using WgNet.Routing;

namespace WgNet.Cli.Init;

/// <summary>What <c>wgnet init</c> was asked for.</summary>
internal sealed class InitOptions
{
    private const int DefaultPort = 51820;

    /// <summary>A client's interface identifier has 64 bits (RFC 4291 section 2.5.1), so SLAAC needs a /64.</summary>
    private const int SlaacPrefixLength = 64;

    private InitOptions(string interfaceName) => InterfaceName = interfaceName;

    public string InterfaceName { get; }

    public IpPrefix Prefix { get; private set; }

    /// <summary>host:port, as it goes into the clients' files.</summary>
    public string Endpoint { get; private set; } = "";

    public int ListenPort { get; private set; } = DefaultPort;

    public List<IPAddress> Dns { get; } = [];

    public string Directory { get; private set; } = "/etc/wireguard";

    public bool Qr { get; private set; }

    /// <summary>Each is an interface name on its client.</summary>
    public List<string> Clients { get; } = [];

    public string GatewayFile => Path.Combine(Directory, InterfaceName + ".conf");

    public static InitOptions Parse(string[] args)
    {
        if (args.Length == 0)
        {
            throw new UsageException("an interface name is missing");
        }

        Cli.InterfaceName.Check(args[0]);
        var options = new InitOptions(args[0]);
        string? endpoint = null;
        bool hasPrefix = false;
        for (int i = 1; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--prefix":
                    options.Prefix = ParsePrefix(Value(args, ref i));
                    hasPrefix = true;
                    break;
                case "--endpoint":
                    endpoint = Value(args, ref i);
                    break;
                case "--listen-port":
                    options.ListenPort = ParsePort(Value(args, ref i));
                    break;
                case "--dns":
                    options.Dns.AddRange(Value(args, ref i).Split(',').Select(ParseAddress));
                    break;
                case "--directory":
                    string directory = Value(args, ref i);
                    options.Directory = directory.Length > 0 ? Path.GetFullPath(directory) : throw new UsageException("--directory `': a folder is expected");
                    break;
                case "--qr":
                    options.Qr = true;
                    break;
                case ['-', ..]:
                    throw new UsageException($"`{args[i]}' is not an option");
                default:
                    options.AddClient(args[i]);
                    break;
            }
        }

        if (!hasPrefix)
        {
            throw new UsageException("--prefix is missing: the /64 in which clients form their addresses");
        }

        if (endpoint is null)
        {
            throw new UsageException("--endpoint is missing: the outside address or name at which clients reach this gateway");
        }

        options.Endpoint = ParseEndpoint(endpoint, options.ListenPort);
        return options.Clients.Count > 0 ? options : throw new UsageException("a client's name is missing");
    }

    private static string Value(string[] args, ref int i) =>
        ++i < args.Length ? args[i] : throw new UsageException($"{args[i - 1]} needs a value");

    private static IpPrefix ParsePrefix(string text)
    {
        if (!IpPrefix.TryParse(text, out IpPrefix prefix) || prefix.IsIPv4 || prefix.Length != SlaacPrefixLength)
        {
            throw new UsageException($"--prefix `{text}': an IPv6 prefix of 64 bits is expected, such as 2001:db8:1:2::/64");
        }

        // fe80::/10 and ff00::/8: link-local and multicast.
        int top = (int)(prefix.Address >> 118);
        return top == 0xfe80 >> 6 || top >> 2 == 0xff
            ? throw new UsageException($"--prefix `{text}': it must be routed to this gateway, which a link-local or multicast one is not")
            : prefix;
    }

    private static int ParsePort(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is > 0 and <= ushort.MaxValue
            ? port
            : throw new UsageException($"--listen-port `{text}': 1 to 65535 is expected");

    private static IPAddress ParseAddress(string text) => IPAddress.TryParse(text, out IPAddress? address)
        ? address
        : throw new UsageException($"--dns `{text}': addresses are expected, apart by commas");

    // host, host:port, an IPv6 address with or without brackets.
    private static string ParseEndpoint(string text, int port)
    {
        if (EndpointName.TrySplit(text, out _, out ushort given))
        {
            return given > 0 ? text : throw Refused();
        }

        string host = IPAddress.TryParse(text, out IPAddress? address) && text.Contains(':', StringComparison.Ordinal) ? $"[{address}]" : text;
        string endpoint = string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");
        return EndpointName.TrySplit(endpoint, out _, out _) && !text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '#')
            ? endpoint
            : throw Refused();

        UsageException Refused() => new($"--endpoint `{text}': a name or outside address is expected, with a port or without");
    }

    private void AddClient(string name)
    {
        if (!Cli.InterfaceName.IsValid(name))
        {
            throw new UsageException($"`{name}' cannot be a client's name: it becomes an interface there, 1 to 15 of a-z A-Z 0-9 _ = + . -");
        }

        if (Clients.Contains(name, StringComparer.OrdinalIgnoreCase))
        {
            throw new UsageException($"`{name}' is named twice");
        }

        Clients.Add(name);
    }
}
