using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace WgNet.EndToEnd.Harness;

/// <summary>
/// One host for all wrong inputs, with whatever they can go wrong by, and what can be seen to have changed. The words in braces of
/// the tables in Errors/:
/// <list type="table">
/// <item><term>{if}</term><description>an interface of WgNet that is up, with {public} as a peer</description></item>
/// <item><term>{go}</term><description>one of wireguard-go</description></item>
/// <item><term>{pid}, {gopid}</term><description>their processes</description></item>
/// <item><term>{veth}, {tun}</term><description>interfaces that are not WireGuard's, the second a TUN that nobody runs</description></item>
/// <item><term>{stale}</term><description>no interface, but the socket of a process that was killed</description></item>
/// <item><term>{new}, {conf}</term><description>no interface, and the file for it, which holds what the case says</description></item>
/// <item><term>{folder}</term><description>where {conf} is, and the files and folders below</description></item>
/// <item><term>{private}, {public}, {other}</term><description>a private key, two public ones</description></item>
/// <item><term>{nobody}</term><description>a prefix that runs a command as a user without any privilege</description></item>
/// </list>
/// UDP port 51999 and TCP port 9599 are taken.
/// </summary>
public sealed partial class ErrorLab : IDisposable
{
    private const int BusyUdp = 51999, BusyTcp = 9599;
    private const UnixFileMode OnlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Everybody = (UnixFileMode)0b111_101_101;

    private readonly Lab _lab = new();
    private readonly Host _host;
    private readonly Tunnel _running, _other;
    private readonly string _stale, _new;
    private readonly Socket[] _busy;
    private readonly Dictionary<string, string> _words;

    public ErrorLab()
    {
        _host = _lab.AddHost("host");
        // Or the kernel would finish with addresses of its own when a case is looked at.
        _host.Sysctl("net.ipv6.conf.default.accept_dad", 0);
        _lab.Link(_host, _lab.AddHost("far"));
        _host.Run("ip tuntap add tun0 mode tun");
        _running = Tunnel.Start(_host, Implementation.WgNet);
        _other = Tunnel.Start(_host, Implementation.WireGuardGo);
        KeyPair peer = KeyPair.Generate(), another = KeyPair.Generate();
        _host.Run("wg", "set", _running.Name, "peer", peer.Public, "allowed-ips", "10.77.0.0/24");
        _running.Up(1420, "fd77::1/64");
        (_stale, _new) = (_host.NewInterfaceName(), _host.NewInterfaceName());
        _busy = [Bind(SocketType.Dgram, BusyUdp), Bind(SocketType.Stream, BusyTcp)];
        _words = new Dictionary<string, string>
        {
            ["if"] = _running.Name,
            ["go"] = _other.Name,
            ["pid"] = $"{_running.Daemon.Pid}",
            ["gopid"] = $"{_other.Daemon.Pid}",
            ["veth"] = _host.Links[0].Interface,
            ["tun"] = "tun0",
            ["stale"] = _stale,
            ["new"] = _new,
            ["folder"] = _lab.Folder,
            ["conf"] = Path.Combine(_lab.Folder, _new + ".conf"),
            ["private"] = peer.Private,
            ["public"] = peer.Public,
            ["other"] = another.Public,
            ["nobody"] = "setpriv --reuid=65534 --regid=65534 --clear-groups",
        };
        MakeFiles(peer);
    }

    /// <summary>Puts in place what a case begins with.</summary>
    /// <param name="content">Of <c>{conf}</c>; null for no such file.</param>
    public void Prepare(byte[]? content)
    {
        LeaveStaleSocket(_stale);
        string path = _words["conf"];
        if (content is null)
        {
            File.Delete(path);
            return;
        }

        // Bytes that are no text stay what they are.
        File.WriteAllBytes(path, Encoding.Latin1.GetBytes(Fill(Encoding.Latin1.GetString(content))));
        File.SetUnixFileMode(path, OnlyOwner);
    }

    public string Fill(string text) => Word().Replace(text, match => _words.TryGetValue(match.Groups["word"].Value, out string? word) ? word : match.Value);

    /// <summary>In the shell, in <c>{folder}</c>, with this <c>wgnet</c> first in PATH and nothing to read.</summary>
    public CommandResult Run(string command) => _host.TryRun(
        ["env", "-C", _lab.Folder, $"PATH={_lab.Folder}/bin:{Environment.GetEnvironmentVariable("PATH")}", "bash", "-c", Fill(command)], input: "");

    /// <summary>Links, addresses, routes, rules, firewall, processes, what both devices have, and all files that the host's interfaces could leave behind, but for the one by which commands take turns.</summary>
    public string State()
    {
        string network = _host.Run(
            "sh", "-c", "ip -o link; ip -o address; ip route show table all; ip -6 route show table all; ip rule; ip -6 rule; nft list ruleset");
        string device = string.Join('\n', UapiSocket.Exchange(_running.Name, "get=1\n\n").Split('\n').Where(line => !line.StartsWith("drop_", StringComparison.Ordinal)));
        string other = _host.Run($"wg show {_other.Name} dump");
        // Not the stale one, which any stock wg on the machine may remove.
        string[] names = [_running.Name, _other.Name, _new];
        string[] left = [.. ((string[])["/run/wireguard", "/run/wgnet", "/var/lib/wgnet", "/etc/wireguard"])
            .Where(Directory.Exists)
            .SelectMany(Directory.GetFileSystemEntries)
            .Where(path => !path.EndsWith(".lock", StringComparison.Ordinal))
            .Where(path => Array.Exists(names, name => Path.GetFileName(path).StartsWith(name, StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal)];
        string files = string.Join('\n', new DirectoryInfo(_lab.Folder).GetFileSystemInfos("*", SearchOption.AllDirectories)
            .OrderBy(file => file.FullName, StringComparer.Ordinal)
            .Select(file => $"{file.FullName} {file.UnixFileMode} {file.LastWriteTimeUtc:O}"));
        return string.Join('\n', [Lifetime().Replace(network, ""), device, other, string.Join(' ', _host.ProcessIds), .. left, files]);
    }

    public void Dispose()
    {
        Array.ForEach(_busy, socket => socket.Dispose());
        File.Delete(UapiSocket.PathOf(_stale));
        _lab.Dispose();
    }

    private void MakeFiles(KeyPair keys)
    {
        // Others may pass through, to the program, but see nothing.
        File.SetUnixFileMode(_lab.Folder, (UnixFileMode)0b111_000_001);
        string program = Path.Combine(Directory.CreateDirectory(Path.Combine(_lab.Folder, "bin")).FullName, "wgnet");
        File.Copy(Programs.WgNet, program);
        File.SetUnixFileMode(program, Everybody);
        File.SetUnixFileMode(Path.GetDirectoryName(program)!, Everybody);
        _ = Directory.CreateDirectory(Path.Combine(_lab.Folder, "directory.conf"));
        Write("good.key", keys.Private + "\n");
        Write("short.key", keys.Private[..40] + "\n");
        Write("two.key", keys.Private + "\n" + keys.Private + "\n");
        Write("long.key", keys.Private + new string('\n', 5000));
        foreach (string name in (string[])["good", _running.Name, _other.Name, _words["veth"], "lo"])
        {
            Write(name + ".conf", $"[Interface]\nPrivateKey = {keys.Private}\n");
        }

        Write("wrong.name", "[Interface]\n");
        Write("metrics", "a file\n");
        using FileStream huge = File.Create(Path.Combine(_lab.Folder, "huge.conf"));
        huge.SetLength(65 << 20);
    }

    private void Write(string name, string text)
    {
        string path = Path.Combine(_lab.Folder, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, OnlyOwner);
    }

    private Socket Bind(SocketType type, int port) => _host.Namespace.Enter(() =>
    {
        var socket = new Socket(AddressFamily.InterNetworkV6, type, type == SocketType.Dgram ? ProtocolType.Udp : ProtocolType.Tcp) { DualMode = true };
        socket.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
        if (type == SocketType.Stream)
        {
            socket.Listen();
        }

        return socket;
    });

    // Unlike .NET's own, this one does not remove its file.
    private static void LeaveStaleSocket(string name) => WgNet.Linux.UnixListener.Open(UapiSocket.PathOf(name), backlog: 1).Dispose();

    [GeneratedRegex("\\{(?<word>[a-z]+)\\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Word();

    [GeneratedRegex("(valid_lft|preferred_lft|expires) [0-9]+sec", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Lifetime();
}
