namespace WgNet.EndToEnd.Harness;

/// <summary>
/// dnsmasq(8) as the only name server of a host, which says what a test wants, or is not there. Who is started in the host from now on
/// finds it in its /etc/resolv.conf, which ip-netns(8) puts there. The files go with the namespace.
/// </summary>
public sealed class NameServer
{
    public const string Name = "gateway.wgnet.test";

    private const string Address = "127.0.0.1";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly Host _host;
    private readonly string _answers;
    private Daemon? _daemon;

    /// <summary>It is not running yet.</summary>
    public NameServer(Lab lab, Host host)
    {
        _host = host;
        _answers = Path.Combine(lab.Folder, "hosts");
        string folder = Directory.CreateDirectory(Path.Combine("/etc/netns", host.Namespace.Name)).FullName;
        File.WriteAllText(Path.Combine(folder, "resolv.conf"), $"nameserver {Address}\n");
        File.WriteAllText(_answers, "");
    }

    /// <summary>How many questions for <see cref="Name"/>'s addresses of one family came since it was started.</summary>
    public int Questions => _daemon!.Log.Split('\n').Count(line => line.Contains($"query[A] {Name} ", StringComparison.Ordinal));

    public void Start(params string[] answers)
    {
        Write(answers);
        _daemon = _host.Start(
            "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--addn-hosts=" + _answers, "--local=/test/",
            "--listen-address=" + Address, "--bind-interfaces", "--user=root", "--pid-file", "--log-facility=-", "--log-queries");
        WaitUntilItAnswers(answers);
    }

    /// <summary>From now on the name has other addresses.</summary>
    public void Change(params string[] answers)
    {
        Write(answers);
        _daemon!.Signal("HUP");
        WaitUntilItAnswers(answers);
    }

    public void Stop() => _daemon!.Dispose();

    /// <summary>Something that takes questions and never answers has its place until disposed.</summary>
    public IDisposable Hang() => _host.Namespace.Enter(() => new System.Net.Sockets.UdpClient(new System.Net.IPEndPoint(System.Net.IPAddress.Parse(Address), 53)));

    private void Write(string[] answers) => File.WriteAllText(_answers, string.Concat(answers.Select(address => $"{address} {Name}\n")));

    private void WaitUntilItAnswers(string[] answers) => Wait.Until(
        () => Answers().SetEquals(answers),
        Timeout,
        () => $"the name server does not say {string.Join(", ", answers)} but {string.Join(", ", Answers())}\n{_daemon!.Log}");

    private HashSet<string> Answers() =>
        [.. _host.TryRun($"getent ahosts {Name}").Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[0])];
}
