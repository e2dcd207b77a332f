using System.Globalization;

namespace WgNet.EndToEnd.Harness;

/// <summary>
/// Commands that see only some control sockets of all that the machine has: for what lists every interface. Each command gets a folder in
/// place of /run/wireguard, with the sockets mounted into it: a second name would do as well, but wireguard-go ends when it gets one.
/// </summary>
public sealed class SocketFolder : IDisposable
{
    private const string Mount = """
        folder=$1
        shift
        for socket in $(ls "$folder"); do mount --bind "/run/wireguard/$socket" "$folder/$socket"; done
        mount --rbind "$folder" /run/wireguard && exec "$@"
        """;

    private static int _count;

    private readonly string _folder = string.Create(CultureInfo.InvariantCulture, $"/run/wgt-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}");

    public SocketFolder(params IEnumerable<Tunnel> tunnels)
    {
        Directory.CreateDirectory(_folder);
        foreach (Tunnel tunnel in tunnels)
        {
            File.Create(Path.Combine(_folder, tunnel.Name + ".sock")).Dispose();
        }
    }

    public CommandResult TryRun(Host host, params string[] command) => host.TryRun(["unshare", "--mount", "sh", "-c", Mount, "sh", _folder, .. command]);

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
