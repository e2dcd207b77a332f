using System.Runtime.InteropServices;
using WgNet.Cli.Show;
using WgNet.Linux;
using WgNet.Uapi;

namespace WgNet.Cli.Monitor;

/// <summary>
/// <c>wgnet monitor</c>: what happens, as it happens. SIGINT and SIGTERM are how it is meant to end, and that its reader goes away: it
/// ends with 0 then, and with 1 when there is nothing left to watch.
/// </summary>
internal static class MonitorVerb
{
    private const int StandardOutput = 1;

    public static readonly Verb Verb = new(
        "monitor", "[<interface>] [--json]",
        "Prints what happens, as it happens: addresses learned, conflicts, handshakes, roaming, changes of peers", "wgnet monitor wg0", Run);

    private static int Run(string[] args, Streams streams)
    {
        string[] names = JsonLine.TakeOption(args, out bool json);
        if (names.Length > 1)
        {
            throw new UsageException($"`{names[1]}' was not expected");
        }

        bool isOne = names.Length == 1;
        if (isOne)
        {
            InterfaceName.Check(names[0]);
        }

        IReadOnlyList<string> watched = isOne ? names : RunningInterfaces.Names();
        if (watched.Count == 0)
        {
            throw new CommandException("there is no WireGuard interface to watch");
        }

        var printer = new EventPrinter(streams.Out, Paint.ForOutput(), json, isOne ? 0 : watched.Max(name => name.Length));
        using var ended = new CancellationTokenSource();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        new Thread(() => WaitForReaderToGo(ended)) { IsBackground = true, Name = "reader" }.Start();
        try
        {
            Task.WhenAll(watched.Select(name => WatchAsync(name, printer, streams, ended))).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
        }

        return ended.IsCancellationRequested ? 0 : 1;

        void End(PosixSignalContext context)
        {
            context.Cancel = true;
            ended.Cancel();
        }
    }

    // Until the interface ends. What is wrong with one of them must not end the others.
    private static async Task WatchAsync(string name, EventPrinter printer, Streams streams, CancellationTokenSource ended)
    {
        try
        {
            using UapiEventReader events = await UapiEventReader.SubscribeAsync(name, ended.Token);
            while (await events.ReadAsync(ended.Token) is { } happened)
            {
                printer.Print(name, happened);
            }

            streams.Error.WriteLine($"wgnet: {name}: the interface has ended");
        }
        catch (UapiException exception)
        {
            streams.Error.WriteLine($"wgnet: {exception.Message}");
        }
        catch (IOException)
        {
            // What is printed can be written no more: the others need not go on.
            await ended.CancelAsync();
            throw;
        }
    }

    // As tail -f does: the runtime's console takes what is written into a pipe that nobody reads without a word, and with the next
    // event it would be late anyway. Sleeps in poll(2), for good where output is a file.
    private static void WaitForReaderToGo(CancellationTokenSource ended)
    {
        Poll.Wait([new PollFd(StandardOutput, events: 0)]);
        try
        {
            ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The end has come in between.
        }
    }
}
