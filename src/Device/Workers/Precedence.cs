using WgNet.Linux;

namespace WgNet.Device;

/// <summary>
/// The place of a device's threads before other processes, as packets have it in the kernel, where the device was told to take one and
/// may: docs/adr/0017-packets-come-before-processes.md. A thread takes and gives back its own.
/// </summary>
/// <param name="nice">What is added to a thread's nice value; 0 leaves all threads alone.</param>
internal sealed class Precedence(int nice, Log log)
{
    private volatile bool _isRefused;

    /// <summary>For the calling thread, which must not have it yet. False if it stays as it is.</summary>
    public bool TryTake()
    {
        if (nice == 0 || _isRefused)
        {
            return false;
        }

        if (Niceness.TryAdd(nice))
        {
            return true;
        }

        _isRefused = true;
        log.Verbose($"packets do not come before other processes: a nice value of {nice} takes CAP_SYS_NICE");
        return false;
    }

    /// <summary>For the calling thread, which has it.</summary>
    public void Return() => _ = Niceness.TryAdd(-nice);
}
