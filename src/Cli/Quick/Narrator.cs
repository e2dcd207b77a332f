using WgNet.Device;
using WgNet.Uapi;

namespace WgNet.Cli.Quick;

/// <summary>
/// Says each step before it is done, as wg-quick(8) does, in the words of the command that would do the same: what is printed can
/// be repeated by hand.
/// </summary>
internal sealed class Narrator(TextWriter error)
{
    public void Step(string command) => error.WriteLine($"[#] {command}");

    /// <summary>Says a step and does it. A refusal names the step.</summary>
    public void Do(string command, Action action)
    {
        Step(command);
        try
        {
            action();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or UapiException or ConfigurationException)
        {
            throw new CommandException($"`{command}' failed: {exception.Message}");
        }
    }

    public void Warn(string message) => error.WriteLine($"[!] {message}");

    public void Plain(string message) => error.WriteLine(message);
}
