using System.Runtime.CompilerServices;
using WgNet.Linux;

namespace WgNet.Cli.Daemon;

/// <summary>
/// Lets the runtime's finalizer thread sleep while there is nothing to finalize. On Linux it wakes every ten seconds to see whether
/// somebody wants a heap dump, which no setting turns off (dotnet/runtime, src/coreclr/vm/finalizerthread.cpp,
/// LINUX_HEAP_DUMP_TIME_OUT): in an idle device nothing else ever wakes. Its work is signalled to it, so that these waits may be as
/// late as they like. Only the thread itself may say so without a capability; hence a finalizer.
/// </summary>
internal sealed class FinalizerSleep
{
    private static readonly TimeSpan Slack = TimeSpan.FromDays(1);

    private FinalizerSleep()
    {
    }

    ~FinalizerSleep() => TimerSlack.SetForThisThread(Slack);

    /// <summary>Costs a collection of the youngest objects: less than a millisecond.</summary>
    public static void Begin()
    {
        Abandon();
        GC.Collect(0);
    }

    // A method of its own, so that no reference stays behind on the stack.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Abandon() => _ = new FinalizerSleep();
}
