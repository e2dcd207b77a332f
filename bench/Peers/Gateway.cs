using System.Diagnostics;
using System.Globalization;
using System.Net;
using WgNet.Udp;

namespace WgNet.Peers;

/// <summary>
/// The program under test on a host of its own, and the host on which its peers live, whose addresses are all local there.
/// <code>
///   gateway  172.16.1.1 ───── 172.16.1.2  crowd, 10.128.0.0/16
///   inside   10.63.0.1  ═════ 10.64.0.0/16
/// </code>
/// </summary>
internal sealed class Gateway : IDisposable
{
    // The other processor is the crowd's.
    private const string Processor = "0";

    private readonly Lab _lab = new();
    private readonly Host _gateway;
    private readonly Host _crowd;
    private readonly string _interface;
    private readonly Daemon _daemon;

    public Gateway(string program)
    {
        try
        {
            _gateway = _lab.AddHost("gateway");
            _crowd = _lab.AddHost("crowd");
            _lab.Link(_gateway, _crowd);
            _crowd.Run("ip route add local 10.128.0.0/16 dev lo");
            _gateway.Run("ip route add 10.128.0.0/16 via 172.16.1.2");
            _interface = _gateway.NewInterfaceName();
            _daemon = _gateway.Start("taskset", "-c", Processor, "env", "WG_PROCESS_FOREGROUND=1", program, "-f", _interface);
            Wait.Until(() => _daemon.HasExited || UapiSocket.Answers(_interface), TimeSpan.FromSeconds(10), () => $"{program} does not answer\n{_daemon.Log}");
        }
        catch
        {
            _lab.Dispose();
            throw;
        }
    }

    public Host Host => _gateway;

    /// <summary>Outside.</summary>
    public IPAddress Address => IPAddress.Parse(_gateway.Links[0].IPv4);

    public IPAddress Inside { get; } = IPAddress.Parse("10.63.0.1");

    public IPAddress InsideIPv6 { get; } = IPAddress.Parse("2001:db8:1::ffff:ffff:1");

    /// <summary>How many addresses it has learned, of all peers.</summary>
    public int Learned => UapiSocket.Get(_interface).Count(line => line.Key == "learned_ip");

    public ProcessMemory Memory => ProcessMemory.Of(_daemon.Pid);

    /// <summary>Nanoseconds on a processor of each living thread until now, by the scheduler's own account.</summary>
    public IReadOnlyDictionary<string, long> ThreadTimes()
    {
        var times = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (string task in Directory.GetDirectories($"/proc/{_daemon.Pid}/task"))
        {
            try
            {
                times[task] = long.Parse(File.ReadAllText(Path.Combine(task, "schedstat")).Split(' ')[0], CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                // It ended just now.
            }
        }

        return times;
    }

    /// <summary>Seconds on a processor since then. Threads that ended meanwhile are left out, for what they used is gone with them.</summary>
    public double CpuSince(IReadOnlyDictionary<string, long> before) =>
        ThreadTimes().Sum(thread => thread.Value - before.GetValueOrDefault(thread.Key)) / 1e9;

    /// <summary>Sockets on the crowd's host.</summary>
    public UdpSockets OpenSockets() => _crowd.Namespace.Enter(() => UdpSockets.Open(port: 0, mark: 0));

    /// <summary>Runs a verb of a configuration tool, wg(8) or one that takes its arguments, on a file with this text; seconds that it took.</summary>
    public double Configure(string tool, string verb, string configuration)
    {
        string file = Path.Combine(_lab.Folder, "gateway.conf");
        File.WriteAllText(file, configuration);
        long start = Stopwatch.GetTimestamp();
        CommandResult result = _gateway.TryRun([tool, verb, _interface, file], timeout: TimeSpan.FromMinutes(2));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return result.Succeeded ? seconds : throw new InvalidOperationException(result.ToString());
    }

    public void Up()
    {
        _gateway.Run($"ip address add {Inside}/32 dev {_interface}");
        _gateway.Run($"ip address add {InsideIPv6}/64 dev {_interface} nodad");
        _gateway.Run($"ip link set {_interface} up");
        _gateway.Run($"ip route add 10.64.0.0/16 dev {_interface}");
    }

    public void Dispose() => _lab.Dispose();
}
