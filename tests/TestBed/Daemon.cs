using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace WgNet.TestBed;

/// <summary>A process that runs beside a test, known by its id, ended at the latest when the test ends.</summary>
public sealed class Daemon : IDisposable
{
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly StringBuilder _log = new();
    private bool _disposed;

    public Daemon(IReadOnlyList<string> command)
    {
        _process = Command.Start(command, withInput: false);
        _process.OutputDataReceived += Append;
        _process.ErrorDataReceived += Append;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Pid => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>All that it printed until now, both streams.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    public void Signal(string name) => Command.TryRun(["kill", "-s", name, Pid.ToString(CultureInfo.InvariantCulture)]);

    /// <summary>False if it still runs after the time.</summary>
    public bool WaitForExit(TimeSpan timeout) => _process.WaitForExit(timeout);

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (!HasExited)
        {
            Signal("TERM");
            if (!WaitForExit(EndTimeout))
            {
                _process.Kill();
                _process.WaitForExit();
            }
        }

        _process.Dispose();
    }

    private void Append(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null)
        {
            lock (_log)
            {
                _log.Append(line.Data).Append('\n');
            }
        }
    }
}
