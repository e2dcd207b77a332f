using System.Diagnostics;
using System.Text;

namespace WgNet.TestBed;

/// <summary>What a command that ended said.</summary>
public sealed record CommandResult(string CommandLine, int ExitCode, string Output, string Error)
{
    public bool Succeeded => ExitCode == 0;

    public override string ToString() => $"`{CommandLine}` ended with {ExitCode}\n{Output}{Error}";
}

/// <summary>Runs a command to its end, or to its timeout.</summary>
public static class Command
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Standard output of a command that must succeed.</summary>
    public static string Run(params string[] command)
    {
        CommandResult result = TryRun(command);
        return result.Succeeded ? result.Output : throw new InvalidOperationException(result.ToString());
    }

    public static CommandResult TryRun(IReadOnlyList<string> command, string? input = null, TimeSpan? timeout = null)
    {
        using Process process = Start(command, input is not null);
        var output = new StringBuilder();
        var error = new StringBuilder();
        using var bothClosed = new CountdownEvent(2);
        Collect(output, bothClosed, handler => process.OutputDataReceived += handler);
        Collect(error, bothClosed, handler => process.ErrorDataReceived += handler);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (input is not null)
        {
            process.StandardInput.Write(input);
            process.StandardInput.Close();
        }

        string line = string.Join(' ', command);
        if (!process.WaitForExit(timeout ?? DefaultTimeout))
        {
            process.Kill();
            process.WaitForExit();
            throw new TimeoutException($"`{line}` did not end in time\n{Text(output)}{Text(error)}");
        }

        // A daemon that the command left behind may hold its output open for ever: what was said until then is enough.
        bothClosed.Wait(TimeSpan.FromSeconds(3));
        return new CommandResult(line, process.ExitCode, Text(output), Text(error));
    }

    internal static Process Start(IReadOnlyList<string> command, bool withInput)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            UseShellExecute = false,
            RedirectStandardInput = withInput,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start) ?? throw new InvalidOperationException($"could not start {command[0]}");
    }

    private static void Collect(StringBuilder text, CountdownEvent closed, Action<DataReceivedEventHandler> subscribe) =>
        subscribe((_, line) =>
        {
            if (line.Data is null)
            {
                try
                {
                    closed.Signal();
                }
                catch (ObjectDisposedException)
                {
                    // Closed after nobody waited any more.
                }

                return;
            }

            lock (text)
            {
                text.Append(line.Data).Append('\n');
            }
        });

    private static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }
}
