using System.Runtime.InteropServices;
using WgNet.Device;

namespace WgNet.Cli.Daemon;

/// <summary>Runs a device in this process until its end: the foreground form, and what a daemon does after it was started.</summary>
internal static class ForegroundDevice
{
    public static int Run(string name, DaemonEnvironment environment, Streams streams)
    {
        if (environment.ReadyDescriptor is not { } ready)
        {
            return Run(name, environment, streams.Out, whenReady: () => { });
        }

        // A daemon must not keep its caller's directory from being unmounted.
        Directory.SetCurrentDirectory("/");
        NameProcess();
        try
        {
            return Run(name, environment, streams.Out, whenReady: () => StartupReport.Ready(ready));
        }
        catch (Exception exception) when (CommandException.IsExpected(exception))
        {
            StartupReport.Fail(ready, exception.Message);
            return (exception as CommandException)?.ExitCode ?? 1;
        }
    }

    // Started as /proc/self/exe, it would be called "exe" by ps, pgrep and killall. Only a name: that it fails stops nothing.
    private static void NameProcess()
    {
        try
        {
            File.WriteAllText("/proc/self/comm", "wgnet");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static int Run(string name, DaemonEnvironment environment, TextWriter output, Action whenReady)
    {
        var log = new Log(Log.ParseLevel(environment.LogLevel), new LogLines(name, output));
        using RunningDevice device = new(name, environment, log);
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        whenReady();
        FinalizerSleep.Begin();
        device.WaitForEnd();
        return 0;

        void End(PosixSignalContext context)
        {
            context.Cancel = true;
            device.RequestEnd($"{context.Signal}");
        }
    }
}
