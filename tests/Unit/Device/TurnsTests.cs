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
                SpinWait.SpinUntil(() => turns.AreEnding, Soon);
                own.EndRead(wakeAnother: false);
                own.End();
            }
        }
    }

    /// <summary>Between Quiet and Resume nobody reads, and nothing that was read is unwritten; afterwards everyone goes on.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Pause_OfWorkersThatTakeTheirTime_IsQuietOnceAllIsWritten(int workers)
    {
        const int Pauses = 500;
        var turns = new Turns(workers);
        using var quiet = new SemaphoreSlim(0);
        int read = 0, written = 0;
        turns.Quiet += () => quiet.Release();
        Thread[] threads = [.. Enumerable.Range(0, workers).Select(_ => Start(() =>
        {
            var turn = new Turn(turns);
            var random = new Random(workers);
            while (turn.TryRead())
            {
                read++;
                turn.EndRead(wakeAnother: true);
                Thread.SpinWait(random.Next(2000));
                turn.Write();
                written++;
                turn.End();
            }
        }))];

        for (int i = 0; i < Pauses; i++)
        {
            int before = Volatile.Read(ref read);
            Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref read) > before, Soon));
            turns.Pause();
            Assert.True(quiet.Wait(Soon));
            int seen = Volatile.Read(ref read);
            Assert.Equal(seen, Volatile.Read(ref written));
            Thread.SpinWait(5000);
            Assert.Equal(seen, Volatile.Read(ref read));
            Assert.False(quiet.Wait(0));
            Assert.True(turns.AreQuiet);
            turns.Resume();
        }

        turns.Stop();
        Array.ForEach(threads, thread => Assert.True(thread.Join(Soon)));
    }

    [Fact]
    public async Task Pause_WhileOneReads_IsQuietOnceThatIsWritten()
    {
        var turns = new Turns(workers: 2);
        int quiet = 0;
        turns.Quiet += () => Interlocked.Increment(ref quiet);
        var reader = new Turn(turns);
        Assert.True(reader.TryRead());

        turns.Pause();
        Task<bool> other = Task.Run(new Turn(turns).TryRead);
        Assert.NotSame(other, await Task.WhenAny(other, Task.Delay(Shortly)));
        Assert.Equal((0, false), (Volatile.Read(ref quiet), turns.AreQuiet));

        reader.EndRead(wakeAnother: false);
        Assert.False(turns.AreQuiet);
        reader.End();
        Task<bool> next = Task.Run(reader.TryRead);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref quiet) == 1, Soon));
        turns.Stop();
        Assert.False(await other.WaitAsync(Soon));
        Assert.False(await next.WaitAsync(Soon));
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
