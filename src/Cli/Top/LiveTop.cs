using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace WgNet.Cli.Top;

/// <summary>
/// The view that lives until <c>q</c>, a signal, or an interface's end. Samples, keys and signals come on threads of their own and
/// become events; one thread takes them one by one, so that a device which does not answer does not keep the keys waiting.
/// </summary>
internal sealed class LiveTop(Func<TopSample> takeSample, TextWriter output, bool colours) : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly BlockingCollection<Action> _events = [];
    private readonly TopView _view = new(colours);
    private readonly TopScreen _screen = new(output);
    private TopSample? _sample;
    private Exception? _failure;
    private bool _isOver;

    /// <exception cref="CommandException">An interface does not answer any more. The terminal is as it was before.</exception>
    public void Run()
    {
        using PosixSignalRegistration interrupt = On(PosixSignal.SIGINT, End), terminate = On(PosixSignal.SIGTERM, End), hangUp = On(PosixSignal.SIGHUP, End);
        using PosixSignalRegistration resize = On(PosixSignal.SIGWINCH, () => { });

        // Stopped by Ctrl-Z it gives the first screen back meanwhile.
        using var stop = PosixSignalRegistration.Create(PosixSignal.SIGTSTP, _ => _screen.Close());
        using PosixSignalRegistration resume = On(PosixSignal.SIGCONT, _screen.Open);
        _screen.Open();
        StartThread("samples", TakeSamples);
        StartThread("keys", ReadKeys);
        while (!_isOver)
        {
            _events.Take()();
            if (_sample is not null && !_isOver && _events.Count == 0)
            {
                _screen.Draw(_view.Frame(_sample, Console.WindowWidth, Console.WindowHeight));
            }
        }

        if (_failure is not null)
        {
            throw _failure;
        }
    }

    public void Dispose() => _screen.Dispose();

    private PosixSignalRegistration On(PosixSignal signal, Action action) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        _events.Add(action);
    });

    private void End() => _isOver = true;

    private void TakeSamples()
    {
        try
        {
            while (true)
            {
                TopSample sample = takeSample();
                _events.Add(() => _sample = sample);
                Thread.Sleep(Interval);
            }
        }
        catch (Exception exception) when (CommandException.IsExpected(exception))
        {
            _events.Add(() =>
            {
                _failure = exception;
                End();
            });
        }
    }

    // The terminal's end reads as no key at all.
    private void ReadKeys()
    {
        ConsoleKeyInfo key;
        do
        {
            key = Console.ReadKey(intercept: true);
            ConsoleKeyInfo pressed = key;
            _events.Add(() => _isOver |= pressed == default || !_view.Press(pressed));
        }
        while (key != default);
    }

    private static void StartThread(string name, Action run) => new Thread(() => run()) { IsBackground = true, Name = name }.Start();
}
