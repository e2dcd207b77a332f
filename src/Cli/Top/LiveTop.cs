using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using WgNet.Linux;

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

    // Handed over through one place: while the terminal takes nothing (Ctrl-S), events pile up, and each would hold a sample.
    private volatile TopSample? _latest;
    private Exception? _failure;
    private bool _isOver;

    /// <exception cref="CommandException">An interface does not answer any more. The terminal is as it was before.</exception>
    public void Run()
    {
        using PosixSignalRegistration interrupt = EndOn(PosixSignal.SIGINT), terminate = EndOn(PosixSignal.SIGTERM), hangUp = EndOn(PosixSignal.SIGHUP);
        using var resize = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => _events.Add(() => { }));

        // Stopped by Ctrl-Z it gives the first screen back meanwhile.
        using var stop = PosixSignalRegistration.Create(PosixSignal.SIGTSTP, context =>
        {
            context.Cancel = true;
            _screen.Close();
            ProcessControl.StopThisProcess();
        });
        using var resume = PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ => _events.Add(_screen.Open));
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
            ExceptionDispatchInfo.Throw(_failure);
        }
    }

    public void Dispose() => _screen.Dispose();

    private PosixSignalRegistration EndOn(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        _events.Add(End);
    });

    private void End() => _isOver = true;

    private void TakeSamples()
    {
        while (true)
        {
            _latest = takeSample();
            _events.Add(() => _sample = _latest);
            Thread.Sleep(Interval);
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

    // Whatever goes wrong there, the terminal is given back before it is told.
    private void StartThread(string name, Action run) => new Thread(() =>
    {
        try
        {
            run();
        }
        catch (Exception exception)
        {
            _events.Add(() =>
            {
                _failure = exception;
                End();
            });
        }
    })
    {
        IsBackground = true,
        Name = name,
    }.Start();
}
