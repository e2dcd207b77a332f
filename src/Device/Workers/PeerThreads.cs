using WgNet.Linux;

namespace WgNet.Device;

/// <summary>
/// Makes the threads that peers wait for: those that carry packets, answer handshakes and keep time. They come before other
/// processes, as they would in the kernel: docs/adr/0017-packets-come-before-processes.md.
/// </summary>
/// <param name="nice">What is added to their nice value; 0 leaves them alone.</param>
internal sealed class PeerThreads(int nice, Log log)
{
    private int _refused;

    public Thread Start(string name, Action run)
    {
        var thread = new Thread(() =>
        {
            ComeBefore();
            run();
        })
        {
            IsBackground = true,
            Name = name,
        };
        thread.Start();
        return thread;
    }

    private void ComeBefore()
    {
        if (nice != 0 && !Niceness.TryAdd(nice) && Interlocked.Exchange(ref _refused, 1) == 0)
        {
            log.Verbose($"packets do not come before other processes: a nice value of {nice} takes CAP_SYS_NICE");
        }
    }
}
