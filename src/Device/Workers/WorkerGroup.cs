using WgNet.Linux;

namespace WgNet.Device;

/// <summary>What one thread does to its direction's packets, with memory of its own.</summary>
internal interface IWorker : IDisposable
{
    /// <summary>Runs until the group stops, or until there is nothing left to work on.</summary>
    void Run();
}

/// <summary>
/// The threads of one direction. A group never changes: another number of workers, or other sockets, is another group, started
/// when this one has stopped. What arrives in between waits in the kernel.
/// </summary>
internal sealed class WorkerGroup
{
    private readonly Turns _turns;
    private readonly Action _wake;
    private readonly IWorker[] _workers;
    private readonly Thread[] _threads;
    private readonly ThreadClock[] _clocks;

    /// <param name="name">Of the threads.</param>
    /// <param name="turns">What they take, and nobody else has.</param>
    /// <param name="make">Makes a worker that takes this turn.</param>
    /// <param name="wake">Ends the wait of the worker that reads.</param>
    public WorkerGroup(string name, Turns turns, Func<Turn, IWorker> make, Action wake)
    {
        int count = turns.Workers;
        _turns = turns;
        _wake = wake;
        _workers = new IWorker[count];
        _threads = new Thread[count];
        _clocks = new ThreadClock[count];
        for (int i = 0; i < count; i++)
        {
            _workers[i] = make(new Turn(_turns));
            int number = i;
            _threads[i] = new Thread(() => Run(number)) { IsBackground = true, Name = name };
        }

        foreach (Thread thread in _threads)
        {
            thread.Start();
        }
    }

    /// <summary>Nanoseconds that each worker's thread has run on a processor so far.</summary>
    public IEnumerable<long> BusyTimes => _clocks.Select(clock => clock.Nanoseconds);

    /// <summary>Lets every worker finish what it has read, and frees their memory. Not on one of their threads.</summary>
    public void Stop()
    {
        _turns.Stop();
        _wake();
        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        foreach (IWorker worker in _workers)
        {
            worker.Dispose();
        }
    }

    private void Run(int number)
    {
        _clocks[number] = ThreadClock.OfThisThread();
        _workers[number].Run();
    }
}
