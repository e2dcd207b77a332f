using System.Net;

namespace WgNet.Uapi;

/// <summary>What wg-quick(8) reads from <c>[Interface]</c>: how the interface is set up around the tunnel.</summary>
public sealed class QuickSettings
{
    /// <summary>Inside addresses, host bits kept.</summary>
    public List<InterfaceAddress> Addresses { get; } = [];

    public List<IPAddress> DnsServers { get; } = [];

    public List<string> DnsSearch { get; } = [];

    /// <summary>Null to choose one.</summary>
    public int? Mtu { get; set; }

    /// <summary><c>off</c>, <c>auto</c>, a number or a table's name; null if the file does not say.</summary>
    public string? Table { get; set; }

    /// <summary>Shell commands, in order, <c>%i</c> not yet replaced.</summary>
    public List<string> PreUp { get; } = [];

    public List<string> PostUp { get; } = [];

    public List<string> PreDown { get; } = [];

    public List<string> PostDown { get; } = [];

    public bool SaveConfig { get; set; }
}

/// <summary>An address of the interface and the length of the prefix that is on its link.</summary>
public readonly record struct InterfaceAddress(IPAddress Address, int PrefixLength)
{
    /// <summary><c>address/length</c>.</summary>
    public override string ToString() => $"{Address}/{PrefixLength}";
}
