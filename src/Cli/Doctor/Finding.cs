using System.Globalization;

namespace WgNet.Cli.Doctor;

/// <summary>How bad a finding is. Lower case is how it is printed.</summary>
internal enum Severity
{
    /// <summary>Looked at, nothing wrong.</summary>
    Ok,

    /// <summary>Could not be looked at, or there is nothing to look at.</summary>
    Skipped,

    /// <summary>May be meant, is not good, or is seen only in part.</summary>
    Warning,

    /// <summary>Something does not work, or a key is not secret.</summary>
    Error,
}

/// <summary>What one look found. A finding that is wrong says why that matters and what mends it.</summary>
/// <param name="Id">Stable: programs may rely on it.</param>
/// <param name="What">What was seen, in one line, without secrets.</param>
internal sealed record Finding(Severity Severity, string Id, string What)
{
    /// <summary>Why it matters; empty where nothing is wrong.</summary>
    public string Why { get; init; } = "";

    /// <summary>The steps that mend it, in order; all of them are needed.</summary>
    public IReadOnlyList<Mend> Mends { get; init; } = [];

    public static Finding Ok(string id, string what) => new(Severity.Ok, id, what);

    public static Finding Skip(string id, string reason) => new(Severity.Skipped, id, reason);

    public static Finding Warn(string id, string what, string why, params Mend[] mends) => new(Severity.Warning, id, what) { Why = why, Mends = mends };

    public static Finding Error(string id, string what, string why, params Mend[] mends) => new(Severity.Error, id, what) { Why = why, Mends = mends };
}

/// <summary>A step that mends something: a command for a root shell, or a line for a file.</summary>
/// <param name="Text">The command, or the line.</param>
/// <param name="File">Where the line belongs; null for a command.</param>
/// <param name="Line">Which line of the file it replaces, counted from 1; 0 for a new one, under [Interface] of a configuration.</param>
internal sealed record Mend(string Text, string? File, int Line)
{
    public static Mend Run(string command) => new(command, null, 0);

    public static Mend Write(string file, int line, string text) => new(text, file, line);

    /// <summary>Sets a sysctl, given with slashes. Written with dots, as people do, unless an interface's name has dots itself.</summary>
    public static Mend Sysctl(string path, int value) =>
        Run("sysctl -w " + Quote(string.Create(CultureInfo.InvariantCulture, $"{(path.Contains('.', StringComparison.Ordinal) ? path : path.Replace('/', '.'))}={value}")));

    /// <summary>A word for a shell, in quotes if it needs them.</summary>
    public static string Quote(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "/._-+=:@%,".Contains(c, StringComparison.Ordinal)) ? word : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";

    public override string ToString() => File is null ? $"run: {Text}"
        : Line == 0 ? $"add {(File.EndsWith("radvd.conf", StringComparison.Ordinal) ? "to" : "under [Interface] in")} {File}: {Text}"
        : string.Create(CultureInfo.InvariantCulture, $"in {File}, line {Line}: {Text}");
}
