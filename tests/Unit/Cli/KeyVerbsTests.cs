using Xunit;

namespace WgNet.Unit.Cli;

public sealed class KeyVerbsTests
{
    [Fact]
    public void PubKey_GeneratedKeys_AreWgs()
    {
        for (int i = 0; i < 20; i++)
        {
            string privateKey = CommandRun.Of(["genkey"]).Out;

            Assert.Equal(StockTool.Wg("pubkey", privateKey).Out, CommandRun.Of(["pubkey"], privateKey).Out);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc\n")]
    [InlineData("yDkML+w4G4Xjre0Zx8CteqbNjw6l5ZX0kALf4r/f4UQ= x\n")]
    [InlineData("yDkML+w4G4Xjre0Zx8CteqbNjw6l5ZX0kALf4r/f4UQ=  \n\n")]
    [InlineData("yDkML+w4G4Xjre0Zx8CteqbNjw6l5ZX0kALf4r/f4UR=\n")]
    [InlineData("yDkML+w4G4Xjre0Zx8CteqbNjw6l5ZX0kALf4r/f4UQA\n")]
    [InlineData(" yDkML+w4G4Xjre0Zx8CteqbNjw6l5ZX0kALf4r/f4UQ=\n")]
    [InlineData("yDkML+w4G4Xjre0Z 8CteqbNjw6l5ZX0kALf4r/f4UQ=\n")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")]
    public void PubKey_AnyInput_AnswersAsWg(string input)
    {
        (int exitCode, string output, string error) = StockTool.Wg("pubkey", input);
        CommandRun run = CommandRun.Of(["pubkey"], input);

        Assert.Equal((exitCode, output, error.Replace("wg: ", "wgnet: ", StringComparison.Ordinal)), (run.ExitCode, run.Out, run.Error));
    }

    [Fact]
    public void GenKey_Key_IsClamped()
    {
        byte[] key = Convert.FromBase64String(CommandRun.Of(["genkey"]).Out);

        Assert.Equal(32, key.Length);
        Assert.Equal((0, 0x40), (key[0] & 7, key[31] & 0xC0));
    }

    [Fact]
    public void GenPsk_Keys_DifferAndAreNotClamped()
    {
        byte[][] keys = [.. Enumerable.Range(0, 64).Select(_ => Convert.FromBase64String(CommandRun.Of(["genpsk"]).Out))];

        Assert.Equal(64, keys.Select(Convert.ToHexString).Distinct(StringComparer.Ordinal).Count());
        Assert.Contains(keys, key => (key[0] & 7) != 0);
    }
}
