using System.Diagnostics;
using System.Globalization;

namespace WgNet.Cli.Quick;

/// <summary>
/// Lines on standard error, and a word about what takes longer than a second: on a terminal below the cursor, renewed each second and
/// gone when it has ended; elsewhere one line. The cursor stays where it is, because a hook may print or ask something meanwhile.
/// </summary>
/// <param name="isTerminal">Whether the output understands the escapes of a terminal.</param>
/// <param name="patience">After how long it is said, and how often renewed.</param>
internal sealed class Progress(TextWriter output, bool isTerminal, TimeSpan patience)
{
    // ECMA-48 and what every terminal took over from the VT100. The last line of the screen has one below after a step down and up.
    private const string SaveCursor = "\e7", RestoreCursor = "\e8", Down = "\eD", Up = "\eM", ClearBelow = "\e[J";
    private const int ShownLength = 56;

    // Guards output, and whether there is something on the terminal that has to go.
    private readonly Lock _gate = new();
    private readonly bool _isTerminal = isTerminal;
    private bool _isShown;

    public static Progress On(TextWriter error) =>
        new(error, !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb"), TimeSpan.FromSeconds(1));

    public void WriteLine(string line)
    {
        lock (_gate)
        {
            Clear();
            output.WriteLine(line);
        }
    }

    /// <summary>Something begins that may take long; it has ended when the result is disposed.</summary>
    public IDisposable Begin(string what) => new Activity(this, what, patience);

    private void Show(string what, TimeSpan elapsed)
    {
        string text = string.Concat((what.Length > ShownLength ? what[..ShownLength] + "..." : what).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
        if (_isTerminal)
        {
            output.Write(string.Create(CultureInfo.InvariantCulture, $"{ClearBelow}{Down}{Up}{SaveCursor}{Down}\r[.] {text}: {elapsed.TotalSeconds:0} s{RestoreCursor}"));
            output.Flush();
        }
        else
        {
            output.WriteLine($"[.] {text}: takes a while");
        }

        _isShown = _isTerminal;
    }

    private void Clear()
    {
        if (_isShown)
        {
            output.Write(ClearBelow);
            output.Flush();
            _isShown = false;
        }
    }

    private sealed class Activity : IDisposable
    {
        private readonly Progress _progress;
        private readonly string _what;
        private readonly long _start = Stopwatch.GetTimestamp();
        private readonly Timer _timer;
        private bool _isSaid, _isOver;

        public Activity(Progress progress, string what, TimeSpan patience)
        {
            (_progress, _what) = (progress, what);
            _timer = new Timer(_ => Tick(), null, patience, patience);
        }

        public void Dispose()
        {
            _timer.Dispose();
            lock (_progress._gate)
            {
                _isOver = true;
                _progress.Clear();
            }
        }

        // On the thread pool; one may still run when the timer is gone.
        private void Tick()
        {
            lock (_progress._gate)
            {
                if (_isOver || (_isSaid && !_progress._isTerminal))
                {
                    return;
                }

                _isSaid = true;
                try
                {
                    _progress.Show(_what, Stopwatch.GetElapsedTime(_start));
                }
                catch (IOException)
                {
                    // Nobody catches it on this thread; the next line, on the step's own, will meet the same.
                }
            }
        }
    }
}
