namespace WgNet.Cli.Quick;

/// <summary>Where it is kept what holds until the machine is switched off. For root alone.</summary>
internal static class RunFolder
{
    private const string Folder = "/run/wgnet";

    public static bool Exists => Directory.Exists(Folder);

    public static void Make() => _ = Directory.CreateDirectory(Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

    public static string PathOf(string interfaceName, string extension) => $"{Folder}/{interfaceName}.{extension}";
}
