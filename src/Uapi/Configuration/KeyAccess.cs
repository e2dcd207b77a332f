namespace WgNet.Uapi;

/// <summary>Who may read a file that holds keys, and why one cannot be read.</summary>
public static class KeyAccess
{
    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Whether anyone on the host can get at it, by wg-quick(8)'s rule: file and folder both let others in. Links are followed.</summary>
    /// <exception cref="IOException">It is not there any more.</exception>
    public static bool IsWorldAccessible(string path)
    {
        string target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        return (File.GetUnixFileMode(target) & File.GetUnixFileMode(Path.GetDirectoryName(target) ?? "/") & Others) != UnixFileMode.None;
    }

    /// <summary>wg-quick(8)'s warning about such a file.</summary>
    public static string WorldAccessibleWarning(string path) => $"Warning: `{path}' is world accessible";

    /// <summary>Whether the exception says that a file cannot be read.</summary>
    public static bool IsFailure(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or FormatException or ArgumentException or NotSupportedException;

    /// <summary>Why a file cannot be read, in the system's words.</summary>
    public static string Explain(string path, Exception exception) => exception switch
    {
        FileNotFoundException or DirectoryNotFoundException => "No such file or directory",
        ArgumentException when path.Length == 0 => "No such file or directory",
        UnauthorizedAccessException or IOException when Directory.Exists(path) => "Is a directory",
        UnauthorizedAccessException => "Permission denied",
        _ => exception.Message,
    };
}
