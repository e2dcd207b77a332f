using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>Signals to this very process, for which .NET has no call.</summary>
public static partial class ProcessControl
{
    private const int SIGSTOP = 19;

    /// <summary>Stops it until somebody continues it, as a shell's <c>fg</c> does. What SIGTSTP would do if nobody handled it.</summary>
    public static void StopThisProcess() => _ = kill(Environment.ProcessId, SIGSTOP);

    [LibraryImport("libc")]
    private static partial int kill(int pid, int signal);
}
