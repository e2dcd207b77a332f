using WgNet.Cli.Quick;
using Xunit;

namespace WgNet.Unit.Cli;

public sealed class ProgressTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50), Never = TimeSpan.FromMinutes(10);

    [Fact]
    public void Begin_LongWithoutATerminal_IsOneLine()
    {
        using SharedWriter output = new();
        Progress progress = new(output, isTerminal: false, Patience);
        using (progress.Begin("sleep 5"))
        {
            output.WaitFor("\n");
            Thread.Sleep(4 * Patience);
        }

        progress.WriteLine("next");
        Assert.Equal("[.] sleep 5: takes a while\nnext\n", output.Text);
    }

    [Fact]
    public void Begin_LongOnATerminal_IsRenewedAndTakenAway()
    {
        using SharedWriter output = new();
        Progress progress = new(output, isTerminal: true, Patience);
        using (progress.Begin("sleep 5\e[2J"))
        {
            output.WaitFor("\e8\e[J\eD");
        }

        string text = output.Text;
        Thread.Sleep(4 * Patience);
        Assert.Equal(text, output.Text);
        Assert.Matches(@"^(\e\[J\eD\eM\e7\eD\r\[\.\] sleep 5\?\[2J: \d+ s\e8)+\e\[J$", text);
    }

    [Fact]
    public void WriteLine_MeanwhileOnATerminal_TakesTheOldOneAwayFirst()
    {
        using SharedWriter output = new();
        Progress progress = new(output, isTerminal: true, Patience);
        using (progress.Begin("x"))
        {
            output.WaitFor("\e8");
            progress.WriteLine("said");
        }

        Assert.Contains("\e8\e[Jsaid\n", output.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Begin_LongName_IsCutSoThatItFitsALine()
    {
        using SharedWriter output = new();
        using (new Progress(output, isTerminal: false, Patience).Begin(new string('x', 500)))
        {
            output.WaitFor("\n");
        }

        Assert.True(output.Text.Length <= 80, output.Text);
    }

    /// <summary>A failure on the timer's thread would end the process, with an interface half made.</summary>
    [Fact]
    public void Begin_OutputThatTakesNothing_EndsNothing()
    {
        using FullWriter output = new();
        using (new Progress(output, isTerminal: false, Patience).Begin("sleep 5"))
        {
            Assert.True(SpinWait.SpinUntil(() => output.Tries > 0, TimeSpan.FromSeconds(30)));
            Thread.Sleep(2 * Patience);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Begin_EndsInTime_SaysNothing(bool isTerminal)
    {
        using SharedWriter output = new();
        Progress progress = new(output, isTerminal, Never);
        progress.Begin("x").Dispose();
        progress.WriteLine("next");

        Assert.Equal("next\n", output.Text);
    }

    private sealed class FullWriter : StringWriter
    {
        private int _tries;

        public int Tries => Volatile.Read(ref _tries);

        public override void WriteLine(string? value)
        {
            _ = Interlocked.Increment(ref _tries);
            throw new IOException("No space left on device");
        }
    }

    /// <summary>Written by the timer's thread and read by the test's.</summary>
    private sealed class SharedWriter : StringWriter
    {
        private readonly Lock _gate = new();

        public string Text
        {
            get
            {
                lock (_gate)
                {
                    return ToString();
                }
            }
        }

        public override void Write(string? value)
        {
            lock (_gate)
            {
                base.Write(value);
            }
        }

        public override void WriteLine(string? value) => Write(value + "\n");

        public void WaitFor(string text) =>
            Assert.True(SpinWait.SpinUntil(() => Text.Contains(text, StringComparison.Ordinal), TimeSpan.FromSeconds(30)), Text);
    }
}
