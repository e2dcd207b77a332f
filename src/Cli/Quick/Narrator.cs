using WgNet.Device;
using WgNet.Uapi;

namespace WgNet.Cli.Quick;

/// <summary>
/// Says each step before it is done, as wg-quick(8) does, in the words of the command that would do the same: what is printed can
/// be repeated by hand.
/// </summary>
internal sealed class Narrator(TextWriter error)
{
    private readonly Progress _progress = Progress.On(error);

    public void Step(string command) => Plain($"[#] {command}");

    /// <summary>Says a step and does it. A refusal names the step.</summary>
    public void Do(string command, Action action)
    {
        try
        {
            using (Begin(command))
            {
                action();
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or UapiException or ConfigurationException)
        {
            throw new CommandException($"`{command}' failed: {exception.Message}");
        }
    }

    /// <summary>Says a step, and, until the result is disposed, that it takes long.</summary>
    public IDisposable Begin(string command)
    {
        Step(command);
        return Wait(command);
    }

    /// <summary>Says of something that is no step of its own that it takes long.</summary>
    public IDisposable Wait(string what) => _progress.Begin(what);

    public void Warn(string message) => Plain($"[!] {message}");

    public void Plain(string message) => _progress.WriteLine(message);
}
