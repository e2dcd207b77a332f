using System.Runtime.InteropServices;

namespace WgNet.Cli.Quick;

/// <summary>Turns SIGINT and SIGTERM into an exception at the next step, so that a half-made interface is undone and not left.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;
    private volatile bool _requested;

    public Interruption() => _registrations =
        [PosixSignalRegistration.Create(PosixSignal.SIGINT, Request), PosixSignalRegistration.Create(PosixSignal.SIGTERM, Request)];

    public void ThrowIfRequested()
    {
        if (_requested)
        {
            throw new CommandException("interrupted", exitCode: 130);
        }
    }

    public void Dispose() => Array.ForEach(_registrations, registration => registration.Dispose());

    private void Request(PosixSignalContext context)
    {
        context.Cancel = true;
        _requested = true;
    }
}
