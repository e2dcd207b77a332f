namespace WgNet.EndToEnd.Harness;

/// <summary>Who drives a tunnel's interface.</summary>
public enum Implementation
{
    WgNet,
    WireGuardGo,
}

/// <summary>Where the programs are.</summary>
public static class Programs
{
    /// <summary>
    /// With <c>WGNET_E2E_SUBJECT=wireguard-go</c>, wireguard-go stands wherever WgNet would: what fails then, other than
    /// what only WgNet does, is the harness's fault or the machine's.
    /// </summary>
    private static readonly bool HarnessOnly =
        Environment.GetEnvironmentVariable("WGNET_E2E_SUBJECT") is "wireguard-go";

    /// <summary>The folder that the tests were built in.</summary>
    public static string Repository { get; } = RepositoryRoot();

    /// <summary>The executable that build.sh makes.</summary>
    public static string WgNet { get; } = Path.Combine(Repository, "artifacts", "wgnet");

    /// <summary>The benchmark that plays many peers, built with the tests.</summary>
    public static string Crowd { get; } = Path.Combine(
        Repository, "bench/Peers/bin", Path.GetRelativePath(Path.Combine(Repository, "tests/EndToEnd/bin"), AppContext.BaseDirectory), "WgNet.Peers");

    public static string Of(Implementation implementation) =>
        implementation == Implementation.WireGuardGo || HarnessOnly ? "wireguard-go" : WgNet;

    private static string RepositoryRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "WgNet.sln")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException($"no WgNet.sln above {AppContext.BaseDirectory}");
    }
}
