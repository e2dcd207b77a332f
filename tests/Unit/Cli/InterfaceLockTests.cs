using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using WgNet.Cli;
using WgNet.Cli.Quick;
using WgNet.Linux;
using Xunit;

namespace WgNet.Unit.Cli;

public sealed class InterfaceLockTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    [Fact]
    public void Take_Free_IsTakenAndSaysByWhom()
    {
        using (Take("up"))
        {
            Assert.Equal($"{Environment.ProcessId} wgnet up wg0\n", Read());
        }

        using (Take("reload"))
        {
            Assert.Equal($"{Environment.ProcessId} wgnet reload wg0\n", Read());
        }
    }

    [Fact]
    public void Take_HeldForTooLong_IsRefusedWithWhoHasIt()
    {
        // Not an ancestor of this process: its child.
        using var child = Process.Start("sleep", "10");
        try
        {
            using SafeFileHandle held = Hold($"{child.Id} wgnet down wg0\n");
            CommandException refused = Assert.Throws<CommandException>(() => Take("up"));

            Assert.Equal($"`wg0' is still being changed by `wgnet down wg0' (process {child.Id}) after 0.2 s: try again when that has ended", refused.Message);
        }
        finally
        {
            child.Kill();
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("99999999999999999999 x")]
    [InlineData("-5 wgnet up wg0")]
    public void Take_HeldByWhoSaysNothing_WaitsAllTheSame(string note)
    {
        using SafeFileHandle held = Hold(note);

        Assert.StartsWith("`wg0' is still being changed by another wgnet after ", Assert.Throws<CommandException>(() => Take("up")).Message, StringComparison.Ordinal);
    }

    /// <summary>This very process stands for one that runs a hook and waits for it.</summary>
    [Fact]
    public void Take_HeldByAnAncestor_IsRefusedAtOnce()
    {
        using SafeFileHandle held = Hold($"{Environment.ProcessId} wgnet up wg0\n");
        long start = Stopwatch.GetTimestamp();

        CommandException refused = Assert.Throws<CommandException>(() => InterfaceLock.Take(_path, "wg0", "reload", Narrator, TimeSpan.FromMinutes(5)));

        Assert.StartsWith("a hook of `wgnet up wg0' cannot reload `wg0': ", refused.Message, StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Take_SaveInAHook_GoesOn()
    {
        using SafeFileHandle held = Hold($"{Environment.ProcessId} wgnet down wg0\n");

        Take("save").Dispose();
        Assert.Equal($"{Environment.ProcessId} wgnet down wg0\n", Read());
    }

    [Fact]
    public async Task Take_GivenBackMeanwhile_IsTaken()
    {
        SafeFileHandle held = Hold("");
        var taking = Task.Run(() => InterfaceLock.Take(_path, "wg0", "up", Narrator, TimeSpan.FromMinutes(1)), TestContext.Current.CancellationToken);
        Assert.NotSame(taking, await Task.WhenAny(taking, Task.Delay(100, TestContext.Current.CancellationToken)));
        held.Dispose();

        (await taking.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).Dispose();
    }

    public void Dispose() => File.Delete(_path);

    private static Narrator Narrator => new(TextWriter.Null);

    private InterfaceLock Take(string verb) => InterfaceLock.Take(_path, "wg0", verb, Narrator, Patience);

    private SafeFileHandle Hold(string note)
    {
        File.WriteAllText(_path, note);
        SafeFileHandle held = FileLock.Open(_path);
        Assert.True(FileLock.TryTake(held));
        return held;
    }

    // .NET would not read what is locked.
    private string Read()
    {
        using SafeFileHandle file = FileLock.Open(_path);
        byte[] text = new byte[100];
        return System.Text.Encoding.ASCII.GetString(text, 0, RandomAccess.Read(file, text, 0));
    }
}
