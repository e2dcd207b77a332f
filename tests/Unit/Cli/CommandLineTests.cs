using WgNet.Cli;
using Xunit;

namespace WgNet.Unit.Cli;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("`bad/name' is not an interface name", "bad/name")]
    [InlineData("`averyveryverylongname' is not an interface name", "averyveryverylongname")]
    [InlineData("`' is not an interface name", "")]
    [InlineData("`..' is not an interface name", "..")]
    [InlineData("`wg0' is not a verb: `wgnet --help' lists them", "wg0", "wg1")]
    [InlineData("`shwo' is not a verb; did you mean `show'?", "shwo", "wg0")]
    [InlineData("`realod' is not a verb; did you mean `reload'? An interface of that name runs by `wgnet -f realod'", "realod")]
    [InlineData("`wg1' was not expected", "-f", "wg0", "wg1")]
    [InlineData("`--bogus' is not an option", "--bogus")]
    [InlineData("an interface name is missing", "-f")]
    [InlineData("`x' was not expected", "genkey", "x")]
    [InlineData("`x' was not expected", "pubkey", "x")]
    [InlineData("Invalid parameter: `bogus'", "show", "wg0", "bogus")]
    [InlineData("`x' was not expected", "show", "wg0", "peers", "x")]
    [InlineData("`peers' was not expected", "show", "interfaces", "peers")]
    [InlineData("`--json' was not expected", "show", "interfaces", "--json")]
    [InlineData("`peers' was not expected", "show", "wg0", "peers", "--json")]
    [InlineData("an interface is expected", "showconf")]
    [InlineData("`wg1' was not expected", "showconf", "wg0", "wg1")]
    [InlineData("an interface and what to set are expected", "set", "wg0")]
    [InlineData("an interface and a file are expected", "setconf", "wg0")]
    [InlineData("a configuration file or an interface name is missing", "up")]
    [InlineData("`wg1' was not expected", "down", "wg0", "wg1")]
    [InlineData("`wg1' was not expected", "learned", "wg0", "wg1")]
    [InlineData("`x' is not an IPv6 address", "learned", "wg0", "forget", "x")]
    [InlineData("`10.0.0.1' is not an IPv6 address", "learned", "wg0", "unpin", "10.0.0.1")]
    [InlineData("`x' is not a peer's public key", "learned", "wg0", "pin", "2001:db8::1", "x")]
    [InlineData("`wg0 pin 2001:db8::1' is not what is expected", "learned", "wg0", "pin", "2001:db8::1")]
    [InlineData("`bad/name' is not an interface name", "learned", "bad/name")]
    [InlineData("`bad/name' is not an interface name", "monitor", "bad/name")]
    [InlineData("`wg1' was not expected", "monitor", "wg0", "wg1")]
    [InlineData("`--bogus' is not an option", "monitor", "--bogus")]
    [InlineData("`--bogus' is not an option", "learned", "--bogus")]
    [InlineData("`--bogus' is not an option", "top", "--bogus")]
    [InlineData("`wg1' was not expected", "top", "--once", "wg0", "wg1")]
    [InlineData("the name of a shell is missing", "completion")]
    [InlineData("`tcsh' is not a shell that is known", "completion", "tcsh")]
    [InlineData("`x' was not expected", "completion", "bash", "x")]
    public void Run_WrongArguments_SaysWhatAndUsageAndFails(string message, params string[] args)
    {
        CommandRun run = CommandRun.Of(args);

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith($"wgnet: {message}", run.Error, StringComparison.Ordinal);
        Assert.Contains("\nUsage: wgnet ", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Out);
    }

    [Fact]
    public void Run_HelpOfEveryVerb_ShowsUsageAndAnExample()
    {
        foreach (Verb verb in CommandLine.Verbs)
        {
            CommandRun run = CommandRun.Of([verb.Name, "--help"]);

            Assert.Equal((0, ""), (run.ExitCode, run.Error));
            Assert.StartsWith($"Usage: wgnet {verb.Name}", run.Out, StringComparison.Ordinal);
            Assert.Contains($"wgnet {verb.Name}", run.Out.Split("Example:")[1], StringComparison.Ordinal);
            Assert.DoesNotContain(run.Out.Split('\n'), line => line.Length > 80);
            Assert.Equal(run.Out, CommandRun.Of(["help", verb.Name]).Out);
        }
    }

    [Fact]
    public void Run_Help_ListsEveryVerb()
    {
        CommandRun run = CommandRun.Of(["--help"]);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.DoesNotContain(run.Out.Split('\n'), line => line.Length > 80);
        Assert.All(CommandLine.Verbs, verb => Assert.Contains($"\n  {verb.Name} ", run.Out, StringComparison.Ordinal));
    }

    [Fact]
    public void Run_OutputThatTakesNothing_SaysWhyAndFails()
    {
        using StringWriter error = new();
        using FullWriter output = new();

        Assert.Equal(1, CommandLine.Run(["--version"], new Streams(TextReader.Null, output, error)));
        Assert.Equal("wgnet: the output could not be written: No space left on device\n", error.ToString());
    }

    [Fact]
    public void Run_Version_IsTheAssemblys() => Assert.Matches(@"^wgnet \d+\.\d+\.\d+\n$", CommandRun.Of(["--version"]).Out);

    [Fact]
    public void Run_NoArguments_ShowsHelpAsAnError()
    {
        CommandRun run = CommandRun.Of([]);

        Assert.Equal((1, ""), (run.ExitCode, run.Out));
        Assert.Contains("Usage: wgnet <verb>", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Unable to access interface: lo: not a WireGuard interface\n", "show", "lo")]
    [InlineData("Unable to access interface: lo: not a WireGuard interface\n", "show", "lo", "dump")]
    [InlineData("Unable to access interface: lo: not a WireGuard interface\n", "show", "lo", "--json")]
    [InlineData("Unable to access interface: lo: not a WireGuard interface\n", "showconf", "lo")]
    [InlineData("Unable to modify interface: lo: not a WireGuard interface\n", "set", "lo", "fwmark", "1")]
    [InlineData("Unable to modify interface: lo: not a WireGuard interface\n", "syncconf", "lo", "/dev/null")]
    public void Run_OnAnInterfaceThatIsNone_SaysWhatItIs(string message, params string[] args)
    {
        CommandRun run = CommandRun.Of(args);

        Assert.Equal((1, "", "wgnet: " + message), (run.ExitCode, run.Out, run.Error));
    }

    [Fact]
    public void Run_ShowOfAnInterfaceThatIsNotThere_SaysSo()
    {
        CommandRun run = CommandRun.Of(["show", "wgnetnone"]);

        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("wgnet: Unable to access interface: wgnetnone: ", run.Error, StringComparison.Ordinal);
    }

    private sealed class FullWriter : StringWriter
    {
        public override void Flush() => throw new IOException("No space left on device");
    }
}
