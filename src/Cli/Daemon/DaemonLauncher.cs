using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using WgNet.Linux;

namespace WgNet.Cli.Daemon;

/// <summary>
/// Starts this executable anew as a daemon for one interface and returns once its control socket answers. The daemon has a
/// session of its own, /dev/null as its input and, unless a log was asked for, its output, and none of the caller's descriptors.
/// </summary>
internal static class DaemonLauncher
{
    private const string Self = "/proc/self/exe";
    // The runtime would open a socket in /tmp through which whoever may connect can read memory, keys in it, and which
    // outlives a killed process. Set to 1 by who wants to debug.
    private const string DiagnosticsVariable = "DOTNET_EnableDiagnostics";

    private const int ReadyDescriptor = 3, TunDescriptor = 4, UapiDescriptor = 5;

    /// <returns>The daemon's process id.</returns>
    /// <exception cref="CommandException">It did not start: its own message and exit code.</exception>
    public static int Start(string name, DaemonEnvironment environment)
    {
        CheckOpen(DaemonEnvironment.TunVariable, environment.TunDescriptor);
        CheckOpen(DaemonEnvironment.UapiVariable, environment.UapiDescriptor);
        (SafeFileHandle read, SafeFileHandle write) = Pipe.Create();
        int output = environment.KeepsOutput ? 1 : Spawn.DevNull;
        int error = environment.KeepsOutput ? 2 : Spawn.DevNull;
        int pid;
        using (write)
        {
            pid = Spawn.Start(
                Executable(),
                ["wgnet", name],
                DaemonEnvironment.With(
                    (DaemonEnvironment.ForegroundVariable, "1"),
                    (DiagnosticsVariable, Environment.GetEnvironmentVariable(DiagnosticsVariable) ?? "0"),
                    (DaemonEnvironment.ReadyVariable, $"{ReadyDescriptor}"),
                    (DaemonEnvironment.TunVariable, environment.TunDescriptor is null ? null : $"{TunDescriptor}"),
                    (DaemonEnvironment.UapiVariable, environment.UapiDescriptor is null ? null : $"{UapiDescriptor}")),
                [Spawn.DevNull, output, error, (int)write.DangerousGetHandle(),
                    environment.TunDescriptor ?? Spawn.DevNull, environment.UapiDescriptor ?? Spawn.DevNull],
                newSession: true);
        }

        // Until here the write end was open in two processes; only the child's is left, so its death ends the reading.
        using (read)
        {
            if (StartupReport.Read(read, out string message))
            {
                return pid;
            }

            int exitCode = Spawn.Wait(pid);
            throw new CommandException(
                message.Length > 0 ? message.TrimEnd('\n') : $"the daemon for `{name}' ended with status {exitCode} while it started",
                exitCode == 0 ? 1 : exitCode);
        }
    }

    private static void CheckOpen(string variable, int? descriptor)
    {
        if (descriptor is { } number && new FileInfo($"/proc/self/fd/{number}").LinkTarget is null)
        {
            throw new CommandException($"{variable} is `{number}': it must be the number of an open descriptor");
        }
    }

    // In the child, /proc/self/exe of a file that was replaced since still is this program; but `dotnet wgnet.dll' is not one.
    private static string Executable() => Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? throw new CommandException($"running under `dotnet' ({RuntimeInformation.FrameworkDescription}): only the published executable, or -f, can run a device")
        : Self;
}
