namespace WgNet.Cli.Doctor;

/// <summary>The kernel splits and joins packets for WgNet, on both sides.</summary>
internal static class OffloadCheck
{
    private const int VirtioHeader = 0x4000;
    private const string Why = "each packet costs a system call of its own, and throughput is a fraction of what it could be";

    public static readonly Check Check = new("offloads", "the kernel splits and joins packets inside and outside", Examine) { IsOfNetwork = true };

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        if (!facts.System.HasUdpOffload)
        {
            yield return Finding.Warn("offload-outside", "the kernel does not split and join datagrams (UDP_SEGMENT, UDP_GRO), as Linux does from 5.0 on", Why);
        }

        if (facts is not { Device.Version: not null, Link: { } link })
        {
            yield return Finding.Skip("offloads", "WgNet does not run it here; what a device uses is seen when it runs");
            yield break;
        }

        if (link.OffSwitches.Count > 0)
        {
            yield return Finding.Warn(
                "offload-switched-off", $"{facts.Name} was started with {string.Join(", ", link.OffSwitches)}", Why, Mend.Run($"ip link delete {facts.Name}"), Mend.Run($"env {string.Join(' ', link.OffSwitches.Select(text => $"-u {text.Split('=')[0]}"))} wgnet up {facts.Argument}"));
        }
        else if (link.TunFlags is { } flags && (flags & VirtioHeader) == 0)
        {
            yield return Finding.Warn("offload-inside", "the TUN interface has no virtio header (IFF_VNET_HDR)", Why, Mend.Run($"ip link delete {facts.Name}"), Mend.Run($"wgnet up {facts.Argument}"));
        }
    }
}
