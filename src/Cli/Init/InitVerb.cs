using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using WgNet.Cli.Keys;
using WgNet.Linux;
using WgNet.Routing;

namespace WgNet.Cli.Init;

/// <summary><c>wgnet init</c>: a gateway's configuration and its clients', ready for SLAAC.</summary>
internal static class InitVerb
{
    private const string LinkLocalPrefix = "fe80::/64";

    // Keeps a client that sits behind NAT reachable: what routers forget after 30 seconds is refreshed before (RFC 4787 asks for
    // two minutes and many do less).
    private const int KeepaliveSeconds = 25;

    public static readonly Verb Verb = new(
        "init",
        "<interface> --prefix <IPv6 prefix>/64 --endpoint <host>[:<port>] [--listen-port <port>] [--dns <addresses>] [--directory <directory>] [--qr] <client>...",
        "Writes a gateway's configuration and its clients', ready for SLAAC",
        "wgnet init wg0 --prefix 2001:db8:1:2::/64 --endpoint vpn.example.org \\\n  laptop phone",
        Run)
    {
        Details = """
            Clients choose their own addresses in the /64, which is to be routed to the
            gateway. Its configuration goes to <directory>/<interface>.conf, with the keys
            in files beside it; the clients' to
            <directory>/<interface>-clients/<client>.conf, for wg-quick(8) or, with --qr,
            from the terminal into a telephone. The directory is /etc/wireguard unless it is
            given. Only the owner can read the files; none that exists is changed.
            """,
    };

    private static int Run(string[] args, Streams streams)
    {
        var options = InitOptions.Parse(args);
        byte[] key = NewPrivateKey();
        List<SecretText> clients = [];
        try
        {
            using var files = new NewFiles();
            files.MakeDirectory(options.Directory);
            files.MakeDirectory(ClientDirectory(options));
            string publicKey = KeyText.PublicKeyOf(key).ToString();
            using var gateway = new SecretText();
            WriteKey(files, Path.Combine(options.Directory, options.InterfaceName + ".key"), key);
            AddGateway(gateway, options);
            foreach (string name in options.Clients)
            {
                clients.Add(AddClient(files, gateway, options, name, publicKey));
            }

            files.Write(options.GatewayFile, gateway.Bytes);
            files.Keep();
            Tell(options, clients, streams);
            return 0;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            clients.ForEach(client => client.Dispose());
        }
    }

    private static string ClientDirectory(InitOptions options) => Path.Combine(options.Directory, options.InterfaceName + "-clients");

    private static string ClientFile(InitOptions options, string name) => Path.Combine(ClientDirectory(options), name + ".conf");

    private static void AddGateway(SecretText text, InitOptions options) => text.Add(string.Create(
        CultureInfo.InvariantCulture,
        $"""
        # A gateway whose clients form their own addresses in {options.Prefix}, made by wgnet init.
        [Interface]
        PrivateKeyFile = {options.InterfaceName}.key
        ListenPort = {options.ListenPort}
        # Inside. Clients hear router advertisements from fe80::1.
        Address = fe80::1/64, {GatewayAddress(options)}/64
        # In which every client may claim addresses.
        LearnableIPs = {options.Prefix}, {LinkLocalPrefix}

        """));

    // Adds the peer to the gateway's text; the client's own text is the result.
    private static SecretText AddClient(NewFiles files, SecretText gateway, InitOptions options, string name, string gatewayKey)
    {
        byte[] key = NewPrivateKey();
        byte[] presharedKey = new byte[KeyText.KeySize];
        KernelRandom.Fill(presharedKey);
        var client = new SecretText();
        try
        {
            string presharedKeyFile = $"{options.InterfaceName}-{name}.psk";
            WriteKey(files, Path.Combine(options.Directory, presharedKeyFile), presharedKey);
            _ = gateway.Add($"""

                # {name}
                [Peer]
                PublicKey = {KeyText.PublicKeyOf(key)}
                PresharedKeyFile = {presharedKeyFile}

                """);

            _ = client.Add("[Interface]\nPrivateKey = ").AddKey(key).Add(string.Create(
                CultureInfo.InvariantCulture,
                $"""

                # Its own, and so is the address that the kernel forms from it in the gateway's prefix.
                Address = {LinkLocalAddress()}/64

                """));
            if (options.Dns.Count > 0)
            {
                _ = client.Add($"DNS = {string.Join(", ", options.Dns)}\n");
            }

            _ = client.Add($"\n[Peer]\nPublicKey = {gatewayKey}\nPresharedKey = ").AddKey(presharedKey).Add(string.Create(
                CultureInfo.InvariantCulture,
                $"\nEndpoint = {options.Endpoint}\nAllowedIPs = ::/0\nPersistentKeepalive = {KeepaliveSeconds}\n"));
            files.Write(ClientFile(options, name), client.Bytes);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
            CryptographicOperations.ZeroMemory(presharedKey);
        }
    }

    private static IPAddress GatewayAddress(InitOptions options) => IpPrefix.ToAddress(options.Prefix.Address + 1, isIPv4: false);

    // Random, with the bit that says that nobody assigned it globally (RFC 4291 section 2.5.1): no two clients have one by accident.
    public static IPAddress LinkLocalAddress()
    {
        Span<byte> address = stackalloc byte[16];
        KernelRandom.Fill(address[8..]);
        (address[0], address[1]) = (0xfe, 0x80);
        address[8] &= 0b1111_1101;
        return new IPAddress(address);
    }

    private static byte[] NewPrivateKey()
    {
        byte[] key = new byte[KeyText.KeySize];
        KeyText.NewPrivateKey(key);
        return key;
    }

    private static void WriteKey(NewFiles files, string path, ReadOnlySpan<byte> key)
    {
        using var text = new SecretText();
        files.Write(path, text.AddKey(key).Add("\n").Bytes);
    }

    private static void Tell(InitOptions options, List<SecretText> clients, Streams streams)
    {
        int width = options.Clients.Max(name => name.Length);
        streams.Out.WriteLine($"gateway: {options.GatewayFile}");
        for (int i = 0; i < clients.Count; i++)
        {
            streams.Out.WriteLine($"client {options.Clients[i].PadRight(width)}: {ClientFile(options, options.Clients[i])}");
            if (options.Qr)
            {
                QrCode.Write(clients[i].Bytes, streams.Out, isColoured: !Console.IsOutputRedirected);
            }
        }

        streams.Out.WriteLine($$"""

            Clients form their addresses from what radvd advertises. /etc/radvd.conf:

            interface {{options.InterfaceName}} {
                AdvSendAdvert on;
                UnicastOnly on;
                prefix {{options.Prefix}} { };
            };

            Then, and after each start of the machine, the following. The first is for a
            gateway that has its own default route from router advertisements, which it
            drops as soon as it forwards; eth0 stands for its outside interface.

            sysctl -w net.ipv6.conf.eth0.accept_ra=2
            sysctl -w net.ipv6.conf.all.forwarding=1
            wgnet up {{(options.Directory == "/etc/wireguard" ? options.InterfaceName : options.GatewayFile)}}
            systemctl restart radvd
            """);
    }
}
