using System.Runtime.InteropServices;

namespace WgNet.Cli.Quick;

/// <summary>Turns SIGINT, SIGTERM and the end of the terminal into an exception at the next step or in a wait, so that a half-made interface is undone and not left.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;
    private readonly ManualResetEventSlim _requested = new();

    public Interruption() => _registrations =
        [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, Request))];

    public void ThrowIfRequested()
    {
        if (_requested.IsSet)
        {
            throw new CommandException("interrupted", exitCode: 130);
        }
    }

    /// <summary>Waits, but not after a signal.</summary>
    public void Sleep(TimeSpan time)
    {
        _ = _requested.Wait(time);
        ThrowIfRequested();
    }

    public void Dispose()
    {
        Array.ForEach(_registrations, registration => registration.Dispose());
        _requested.Dispose();
    }

    private void Request(PosixSignalContext context)
    {
        context.Cancel = true;
        _requested.Set();
    }
}
