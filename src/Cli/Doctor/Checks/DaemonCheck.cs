using WgNet.Linux;
using WgNet.Uapi;

namespace WgNet.Cli.Doctor;

/// <summary>The interface's name belongs to one WireGuard process that answers.</summary>
internal static class DaemonCheck
{
    private const string NotTwice = "a name is one interface's at a time: `wgnet up' cannot make it";

    public static readonly Check Check = new("daemon", "one process runs the interface, and answers", Examine);

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        string name = facts.Name;
        if (facts.Socket == SocketState.Forbidden)
        {
            return [Finding.Skip("daemon", $"only root may ask {UapiListener.SocketPath(name)}")];
        }

        if (facts.Socket == SocketState.Broken)
        {
            return [Finding.Error(
                "no-answer", $"what listens at {UapiListener.SocketPath(name)} does not answer as a device does: {facts.SocketFailure}", "the interface can be neither seen nor configured",
                Mend.Run(facts.Link is { Holders: { Count: > 0 } holders } ? $"kill -KILL {string.Join(' ', holders.Select(holder => holder.Id))}" : $"ip link delete {name}"), Mend.Run($"wgnet up {facts.Argument}"))];
        }

        if (facts.Socket == SocketState.Stale)
        {
            return [Finding.Error(
                "socket-stale", $"nobody answers at {UapiListener.SocketPath(name)}", "the process that ran the interface has ended without removing its socket: it was killed, or it crashed",
                Mend.Run($"wgnet up {facts.Argument}"))];
        }

        if (facts.Device is { } device)
        {
            return Running(facts, device);
        }

        return facts.Link is { } link ? [Taken(name, link)] : [Finding.Skip("daemon", $"{name} does not run: wgnet up {facts.Argument}")];
    }

    private static IEnumerable<Finding> Running(Facts facts, DeviceFacts device)
    {
        if (device.Version is null && facts.Learns)
        {
            yield return Finding.Error(
                "other-implementation", $"{facts.Name} is run by {Holder(facts.Link?.Holders ?? [])}, which cannot learn addresses", "LearnableIPs have no effect",
                Mend.Run($"ip link delete {facts.Name}"), Mend.Run($"wgnet up {facts.Argument}"));
        }

        if (facts.Link is null)
        {
            yield return Finding.Skip("daemon", $"{facts.Name} runs in another network namespace, where doctor sees more");
        }
    }

    private static Finding Taken(string name, LinkFacts link) => link.Link.Kind switch
    {
        "tun" => Finding.Error(
            "interface-held", $"{name} is held by {Holder(link.Holders)}, and there is no control socket", $"it cannot be configured any more, and {NotTwice}",
            Mend.Run($"ip link delete {name}")),
        "wireguard" => Finding.Error("name-taken", $"{name} is a WireGuard interface of the kernel's", $"WgNet does not run it, and {NotTwice}", Mend.Run($"ip link delete {name}")),
        "" => Finding.Error("name-taken", $"{name} is a network device", NotTwice),
        string kind => Finding.Error("name-taken", $"{name} is an interface of kind {kind}", NotTwice, Mend.Run($"ip link delete {name}")),
    };

    private static string Holder(IReadOnlyList<RunningProcess> holders) => holders.Count == 0 ? "a process that cannot be seen from here" : string.Join(" and ", holders);
}
