namespace WgNet.Cli.Doctor;

/// <summary>Who can read or change the configuration and its key files.</summary>
internal static class PermissionCheck
{
    public static readonly Check Check = new("permissions", "nobody but the owner can read or change the configuration and its keys", Examine);

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        if (facts.File is not { Access.Count: > 0 } file)
        {
            yield return Finding.Skip("permissions", "there is no file");
            yield break;
        }

        foreach (AccessFacts access in file.Access)
        {
            if (access is not { Mode: { } mode, FolderMode: { } folder })
            {
                yield return Finding.Skip("permissions", $"{access.Path}: who may read it cannot be seen from here");
                continue;
            }

            string path = Mend.Quote(access.Path);
            bool reached = folder.HasFlag(UnixFileMode.OtherExecute);
            if (reached && mode.HasFlag(UnixFileMode.OtherWrite))
            {
                yield return Finding.Error(
                    "file-writable", $"anyone on this machine can change {access.Path}", "who changes a configuration has root run commands, who changes a key takes the tunnel over",
                    Mend.Run($"chmod 600 {path}"));
            }
            else if (reached && mode.HasFlag(UnixFileMode.OtherRead))
            {
                yield return Finding.Warn(
                    "file-readable", $"anyone on this machine can read {access.Path}", "who has the private key can pose as this side", Mend.Run($"chmod 600 {path}"));
            }

            // In a folder with the sticky bit, nobody can put another file in this one's place.
            if (folder.HasFlag(UnixFileMode.OtherWrite) && !folder.HasFlag(UnixFileMode.StickyBit))
            {
                string directory = Path.GetDirectoryName(access.Path) ?? "/";
                yield return Finding.Error(
                    "folder-writable", $"anyone on this machine can put another file in the place of {access.Path}", "who changes a configuration has root run commands",
                    Mend.Run($"chmod o-w {Mend.Quote(directory)}"));
            }
        }
    }
}
