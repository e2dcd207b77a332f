namespace WgNet.Cli.Quick;

/// <summary>
/// Says each step before it is done, as wg-quick(8) does, in the words of the command that would do the same: what is printed can
/// be repeated by hand.
/// </summary>
internal sealed class Narrator(TextWriter error)
{
    public void Step(string command) => error.WriteLine($"[#] {command}");

    public void Warn(string message) => error.WriteLine($"[!] {message}");

    public void Plain(string message) => error.WriteLine(message);
}
