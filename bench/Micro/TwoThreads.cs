namespace WgNet.Micro;

/// <summary>Does one thing on two threads at once. They wait for each other by spinning: the machine has a processor for each.</summary>
internal sealed class TwoThreads : IDisposable
{
    private Func<int, int>? _work;
    private int _round;
    private int _done;

    public TwoThreads() => new Thread(Run) { IsBackground = true }.Start();

    /// <param name="work">Given 0 on this thread, and 1 on the other.</param>
    public int Run(Func<int, int> work)
    {
        Volatile.Write(ref _work, work);
        int round = ++_round;
        Volatile.Write(ref _round, round);
        int result = work(0);
        SpinWait.SpinUntil(() => Volatile.Read(ref _done) == round);
        return result;
    }

    public void Dispose() => Volatile.Write(ref _round, -1);

    private void Run()
    {
        int round = 0;
        while (true)
        {
            while (Volatile.Read(ref _round) == round)
            {
                Thread.SpinWait(1);
            }

            round = Volatile.Read(ref _round);
            if (round < 0)
            {
                return;
            }

            _ = Volatile.Read(ref _work)!(1);
            Volatile.Write(ref _done, round);
        }
    }
}
