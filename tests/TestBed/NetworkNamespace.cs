using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;
using Microsoft.Win32.SafeHandles;

namespace WgNet.TestBed;

/// <summary>
/// A network namespace of the tests' own. Its name carries the id of the process that made it, so that what a killed
/// run left behind is found and removed by the next one.
/// </summary>
public sealed class NetworkNamespace : IDisposable
{
    private const string Prefix = "wgt-";
    private const string Folder = "/run/netns";

    private static int _count;

    static NetworkNamespace() => SweepDeadRuns();

    public NetworkNamespace(string role)
    {
        Name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _count)}-{role}");
        Command.Run("ip", "netns", "add", Name);
        Command.Run("ip", "-n", Name, "link", "set", "lo", "up");
    }

    public string Name { get; }

    /// <summary>Runs <paramref name="action"/> on a thread inside the namespace: sockets that it opens stay there.</summary>
    public T Enter<T>(Func<T> action)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        Thread thread = StartThread(() => result = action(), e => failure = ExceptionDispatchInfo.Capture(e));
        thread.Join();
        failure?.Throw();
        return result;
    }

    /// <summary>Like <see cref="Enter{T}"/>, but does not wait.</summary>
    public Task<T> EnterAsync<T>(Func<T> action)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        StartThread(() => completion.SetResult(action()), completion.SetException);
        return completion.Task;
    }

    public void Dispose() => Delete(Name);

    // A thread, not a task: it ends in the namespace that it entered, and must never be lent to anybody else.
    private Thread StartThread(Action action, Action<Exception> fail)
    {
        var thread = new Thread(() =>
        {
            try
            {
                using SafeFileHandle handle = File.OpenHandle(Path.Combine(Folder, Name));
                Linux.NetworkNamespace.Enter((int)handle.DangerousGetHandle());
                action();
            }
            catch (Exception e)
            {
                fail(e);
            }
        })
        {
            IsBackground = true,
            Name = Name,
        };
        thread.Start();
        return thread;
    }

    private static void SweepDeadRuns()
    {
        if (!Directory.Exists(Folder))
        {
            return;
        }

        foreach (string name in Directory.GetFiles(Folder, Prefix + "*").Select(path => Path.GetFileName(path)))
        {
            string pid = name.Split('-')[1];
            if (!Directory.Exists($"/proc/{pid}"))
            {
                Delete(name);
            }
        }
    }

    private static void Delete(string name)
    {
        // Whoever still lives in there was started by a test, through wg-quick for example, whose daemons no test holds.
        foreach (string signal in (string[])["TERM", "KILL"])
        {
            foreach (string pid in ProcessIds(name))
            {
                Command.TryRun(["kill", "-s", signal, pid]);
            }

            long start = Stopwatch.GetTimestamp();
            while (ProcessIds(name).Any() && Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(2))
            {
                Thread.Sleep(20);
            }
        }

        Command.TryRun(["ip", "netns", "del", name]);

        // The files of /etc that are others in there, if a test made any.
        string files = Path.Combine("/etc/netns", name);
        if (Directory.Exists(files))
        {
            Directory.Delete(files, recursive: true);
        }
    }

    private static IEnumerable<string> ProcessIds(string name) => Command.TryRun(["ip", "netns", "pids", name]).Output
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(pid => pid != Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
}
