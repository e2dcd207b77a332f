using WgNet.Device;
using Xunit;
using static WgNet.Unit.Device.TunnelPair;

namespace WgNet.Unit.Device;

public sealed class TurnsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Writes_OfWorkersThatTakeTheirTime_AreInTheOrderOfReads(int workers)
    {
        const int Batches = 5000;
        var turns = new Turns(workers);
        var written = new List<int>();
        int read = 0, atWork = 0, mostAtWork = 0;
        RunAll(workers, () =>
        {
            var turn = new Turn(turns);
            var random = new Random(workers);
            while (turn.TryRead())
            {
                int batch = read++;
                if (batch >= Batches)
                {
                    turns.Stop();
                }

                turn.EndRead(wakeAnother: true);
                int now = Interlocked.Increment(ref atWork);
                mostAtWork = Math.Max(mostAtWork, now);
                Thread.SpinWait(random.Next(2000));
                Interlocked.Decrement(ref atWork);
                turn.Write();
                written.Add(batch);
                turn.End();
            }
        });

        Assert.Equal(Enumerable.Range(0, read), written);
        Assert.InRange(mostAtWork, Math.Min(workers, 2), workers);
    }

    [Fact]
    public void Worker_ThatReadsLittle_WakesNobody()
    {
        var turns = new Turns(3);
        var readers = new HashSet<int>();
        using var oneSleeps = new ManualResetEventSlim();
        using var ready = new CountdownEvent(2);
        Thread[] threads = [Start(Sleeper), Start(Sleeper)];
        var turn = new Turn(turns);
        Assert.True(turn.TryRead());
        oneSleeps.Set();
        ready.Wait(Soon);
        Assert.True(SpinWait.SpinUntil(() => Array.TrueForAll(threads, t => t.ThreadState.HasFlag(ThreadState.WaitSleepJoin)), Soon));

        for (int i = 0; i < 1000; i++)
        {
            turn.EndRead(wakeAnother: false);
            turn.End();
            Assert.True(turn.TryRead());
        }

        Assert.Empty(readers);
        turn.EndRead(wakeAnother: true);
        Assert.True(SpinWait.SpinUntil(() => readers.Count == 1, Soon));
        turn.End();
        turns.Stop();
        Array.ForEach(threads, thread => Assert.True(thread.Join(Soon)));

        // Holds what it gets until the end, so that a second one would have to be woken.
        void Sleeper()
        {
            oneSleeps.Wait();
            ready.Signal();
            var own = new Turn(turns);
            if (own.TryRead())
            {
                readers.Add(Environment.CurrentManagedThreadId);
                SpinWait.SpinUntil(() => turns.IsStopping, Soon);
                own.EndRead(wakeAnother: false);
                own.End();
            }
        }
    }

    [Fact]
    public void Turns_InSteadyState_AllocateNothing()
    {
        var turns = new Turns(2);
        long allocated = 0;
        int read = 0;
        RunAll(2, () =>
        {
            var turn = new Turn(turns);
            long before = 0;
            for (int mine = 0; turn.TryRead(); mine++)
            {
                if (++read == 10_000)
                {
                    turns.Stop();
                }

                turn.EndRead(wakeAnother: true);
                Thread.SpinWait(100);
                turn.End();
                before = mine == 100 ? GC.GetAllocatedBytesForCurrentThread() : before;
            }

            Interlocked.Add(ref allocated, before == 0 ? 0 : GC.GetAllocatedBytesForCurrentThread() - before);
        });

        Assert.Equal(0, allocated);
    }

    private static void RunAll(int workers, Action work)
    {
        Thread[] threads = [.. Enumerable.Range(0, workers).Select(_ => Start(work))];
        Array.ForEach(threads, thread => Assert.True(thread.Join(TimeSpan.FromSeconds(60))));
    }

    private static Thread Start(Action work)
    {
        var thread = new Thread(() => work()) { IsBackground = true };
        thread.Start();
        return thread;
    }
}
