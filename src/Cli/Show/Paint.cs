namespace WgNet.Cli.Show;

/// <summary>The colours of <c>wg show</c>, or none: on a terminal, or as <c>WG_COLOR_MODE</c> says.</summary>
internal sealed class Paint(bool enabled)
{
    public static readonly Paint None = new(enabled: false);

    /// <summary>For standard output.</summary>
    public static Paint ForOutput() => For(Environment.GetEnvironmentVariable("WG_COLOR_MODE"), !Console.IsOutputRedirected);

    /// <param name="mode">The value of <c>WG_COLOR_MODE</c>: <c>always</c>, <c>never</c>, anything else is automatic.</param>
    public static Paint For(string? mode, bool isTerminal) =>
        new(mode switch { "always" => true, "never" => false, _ => isTerminal });

    public string Reset => enabled ? "\e[0m" : "";

    public string Bold(string text) => enabled ? $"\e[1m{text}\e[0m" : text;

    public string Cyan(string text) => enabled ? $"\e[36m{text}\e[0m" : text;

    public string Red(string text) => enabled ? $"\e[31m{text}\e[0m" : text;

    public string Green(string text) => enabled ? $"\e[32m{text}\e[0m" : text;

    public string Yellow(string text) => enabled ? $"\e[33m{text}\e[0m" : text;

    /// <summary>A heading: its label bold and coloured, its value coloured.</summary>
    public string GreenHeading(string label, string value) => enabled ? $"\e[32m{Bold(label)}: {Green(value)}" : $"{label}: {value}";

    public string YellowHeading(string label, string value) => enabled ? $"\e[33m{Bold(label)}: {Yellow(value)}" : $"{label}: {value}";
}
