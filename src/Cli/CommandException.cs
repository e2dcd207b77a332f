using System.Net.Sockets;
using WgNet.Device;
using WgNet.Uapi;

namespace WgNet.Cli;

/// <summary>Ends a command: the message follows <c>wgnet: </c> on standard error, and the process exits with <paramref name="exitCode"/>.</summary>
internal sealed class CommandException(string message, int exitCode = 1) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>Whether an exception says what the user can do something about. Any other is a bug, and ends the process as one.</summary>
    public static bool IsExpected(Exception exception) => exception is CommandException or ConfigurationException or UapiException or ConfigurationFileException
        or IOException or SocketException or UnauthorizedAccessException;
}

/// <summary>The arguments make no sense: the message, then the verb's usage.</summary>
internal sealed class UsageException(string message) : Exception(message);
