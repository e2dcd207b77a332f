using System.Globalization;

namespace WgNet.Bench;

/// <summary>Something that makes a tunnel out of a <see cref="Cable"/>.</summary>
internal abstract class Contender(string name)
{
    public string Name { get; } = name;

    /// <summary>Why it cannot take part on this machine; null if it can.</summary>
    public virtual string? Obstacle => null;

    /// <summary>Makes the interface at both ends; who drives it, for accounting, or nobody where the kernel does.</summary>
    public abstract IReadOnlyList<Daemon> Start(Cable cable);

    /// <param name="name">As the user wrote it: one of those known here, or a program.</param>
    /// <param name="title">What such a program is called in tables.</param>
    public static Contender Parse(string name, string title, string wgnet, string limit) => name switch
    {
        "wgnet" => new UserspaceContender(name, wgnet),
        "limit" => new LimitContender(limit),
        "kernel" => new KernelContender(),
        _ => new UserspaceContender(title, name),
    };
}

/// <summary>A program with wireguard-go's contract: it makes the interface that it is told, and wg(8) configures it.</summary>
internal sealed class UserspaceContender(string name, string program, params string[] environment) : Contender(name)
{
    public override string? Obstacle => Command.TryRun(["sh", "-c", "command -v \"$0\"", program]).Succeeded ? null : $"{program} is not there";

    public override IReadOnlyList<Daemon> Start(Cable cable)
    {
        Daemon[] daemons = [.. cable.Ends.Select(end => end.Host.Start(["env", "WG_PROCESS_FOREGROUND=1", .. environment, program, "-f", end.Interface]))];
        for (int i = 0; i < daemons.Length; i++)
        {
            Daemon daemon = daemons[i];
            string tunnel = cable.Ends[i].Interface;
            Wait.Until(() => daemon.HasExited || UapiSocket.Answers(tunnel), TimeSpan.FromSeconds(10), () => $"{program}: {tunnel} does not answer\n{daemon.Log}");
        }

        cable.Configure();
        return daemons;
    }
}

/// <summary>bench/Limit: the I/O of a tunnel and nothing else.</summary>
internal sealed class LimitContender(string program) : Contender("limit")
{
    public override string? Obstacle => File.Exists(program) ? null : $"{program} is not there";

    public override IReadOnlyList<Daemon> Start(Cable cable)
    {
        Daemon[] daemons = [.. cable.Ends.Select((end, i) => end.Host.Start(
            "env", "LIMIT_LOCAL=" + end.Outside, "LIMIT_PEER=" + cable.Ends[1 - i].Outside, program, end.Interface))];
        foreach (CableEnd end in cable.Ends)
        {
            Wait.Until(() => end.Host.TryRun($"ip link show {end.Interface}").Succeeded, TimeSpan.FromSeconds(5), () => $"limit: no {end.Interface}\n{daemons[0].Log}");
        }

        return daemons;
    }
}

/// <summary>The kernel's own WireGuard.</summary>
internal sealed class KernelContender() : Contender("kernel")
{
    private static readonly Lazy<string?> Missing = new(() =>
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"wgp{Environment.ProcessId}");
        CommandResult result = Command.TryRun(["ip", "link", "add", name, "type", "wireguard"]);
        if (!result.Succeeded)
        {
            return "this kernel has no WireGuard";
        }

        Command.TryRun(["ip", "link", "del", name]);
        return null;
    });

    public override string? Obstacle => Missing.Value;

    public override IReadOnlyList<Daemon> Start(Cable cable)
    {
        foreach (CableEnd end in cable.Ends)
        {
            end.Host.Run($"ip link add {end.Interface} type wireguard");
        }

        cable.Configure();
        return [];
    }
}
