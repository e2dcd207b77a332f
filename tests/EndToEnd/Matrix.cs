using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>What most scenarios are repeated over.</summary>
public static class Matrix
{
    public static TheoryData<Implementation> Peers { get; } = [Implementation.WireGuardGo, Implementation.WgNet];

    public static TheoryData<Outside> Outsides { get; } = [Outside.IPv4, Outside.IPv6];

    public static TheoryData<Implementation, Outside> PeersAndOutsides { get; } = new()
    {
        { Implementation.WireGuardGo, Outside.IPv4 },
        { Implementation.WireGuardGo, Outside.IPv6 },
        { Implementation.WgNet, Outside.IPv4 },
        { Implementation.WgNet, Outside.IPv6 },
    };
}
