using WgNet.Routing;
using WgNet.Uapi;

namespace WgNet.Cli.Doctor;

/// <summary>A configuration file and what is around it.</summary>
internal sealed record FileFacts(string Path)
{
    /// <summary>Why it cannot be used; everything but <see cref="Access"/> is empty then.</summary>
    public ConfigurationFileException? Refusal { get; init; }

    /// <summary>Whether it is refused only because this user may not read it.</summary>
    public bool IsForbidden { get; init; }

    public TunnelFacts? Tunnel { get; init; }

    public IReadOnlyList<OwnAddress> Addresses { get; init; } = [];

    public int? Mtu { get; init; }

    /// <summary>Whether no routes are to be added.</summary>
    public bool IsTableOff { get; init; }

    /// <summary>Whether the running interface is written over the file, so that it is not to be taken for wrong.</summary>
    public bool IsSaved { get; init; }

    /// <summary>Commands that run when the interface comes up.</summary>
    public IReadOnlyList<string> UpHooks { get; init; } = [];

    public IReadOnlyList<ConfigurationSection> Sections { get; init; } = [];

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>The file itself and its key files.</summary>
    public IReadOnlyList<AccessFacts> Access { get; init; } = [];

    /// <summary>The configurations that <c>wgnet init</c> wrote for the clients.</summary>
    public IReadOnlyList<ClientFacts> Clients { get; init; } = [];

    /// <summary>Where a key of [Interface] stands; 0 if it does not.</summary>
    public int LineOf(string key) =>
        Sections.Where(section => section.IsInterface).SelectMany(section => section.Settings).LastOrDefault(setting => setting.Is(key)).Line;

    /// <summary>Takes a prefix out of the lines of a peer's AllowedIPs that have it.</summary>
    public Mend[] Disallow(PeerFacts peer, IpPrefix prefix) =>
    [
        .. from section in Sections
           where section.Settings.Exists(setting => setting.Line == peer.Line)
           from setting in section.Settings
           where setting.Is("AllowedIPs")
           let items = setting.Value.Split(',', StringSplitOptions.TrimEntries)
           let others = Array.FindAll(items, item => !IpPrefix.TryParse(item, out IpPrefix other) || other != prefix)
           where others.Length < items.Length
           select Mend.Write(Path, setting.Line, $"AllowedIPs = {string.Join(", ", others)}".TrimEnd()),
    ];

    /// <summary>Writes a setting of [Interface], in place of the one there is.</summary>
    public Mend Set(string key, string value) => Mend.Write(Path, LineOf(key), $"{key} = {value}");
}

/// <summary>Who may touch a file.</summary>
/// <param name="Mode">Null if that cannot be seen.</param>
/// <param name="FolderMode">Of the folder that it is in.</param>
internal sealed record AccessFacts(string Path, UnixFileMode? Mode, UnixFileMode? FolderMode);

/// <summary>A client's configuration: its link-local addresses, and the line of <c>Address</c> that they are in.</summary>
internal sealed record ClientFacts(string Path, int Line, IReadOnlyList<OwnAddress> LinkLocals)
{
    /// <summary>What else that line has.</summary>
    public IReadOnlyList<string> Others { get; init; } = [];
}
