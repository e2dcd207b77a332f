namespace WgNet.Cli.Quick;

/// <summary>Which configuration file an argument of <c>wgnet up</c> means, and which interface that file is for: wg-quick(8)'s rules.</summary>
/// <param name="Path">With symbolic links followed.</param>
internal sealed record QuickFile(string Path, string InterfaceName)
{
    private const string Directory = "/etc/wireguard", Extension = ".conf";

    /// <summary>The interfaces for which there is a file in /etc/wireguard; none if this user may not look.</summary>
    public static IEnumerable<string> Names()
    {
        EnumerationOptions what = new() { IgnoreInaccessible = true };
        return !System.IO.Directory.Exists(Directory) ? [] : System.IO.Directory.EnumerateFiles(Directory, "*" + Extension, what)
            .Select(System.IO.Path.GetFileNameWithoutExtension).OfType<string>().Where(name => Cli.InterfaceName.IsValid(name)).Order(StringComparer.Ordinal);
    }

    /// <param name="argument">An interface name, for a file in /etc/wireguard, or a path that ends in <c>name.conf</c>.</param>
    public static QuickFile Locate(string argument)
    {
        string path = Cli.InterfaceName.IsValid(argument) ? $"{Directory}/{argument}{Extension}" : argument;
        if (!File.Exists(path))
        {
            string full = System.IO.Path.GetFullPath(path);
            throw new CommandException(
                System.IO.Directory.Exists(path) ? $"`{full}' is a directory; a configuration file or an interface name is expected"
                : path != argument && argument.EndsWith(Extension, StringComparison.Ordinal) ? $"`{full}' does not exist; for a file in this folder: ./{argument}"
                : $"`{full}' does not exist");
        }

        string name = System.IO.Path.GetFileName(path);
        if (!name.EndsWith(Extension, StringComparison.Ordinal) || !Cli.InterfaceName.IsValid(name.AsSpan(0, name.Length - Extension.Length)))
        {
            throw new CommandException("The config file must be a valid interface name, followed by .conf");
        }

        string target = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? System.IO.Path.GetFullPath(path);
        return new QuickFile(target, name[..^Extension.Length]);
    }
}
