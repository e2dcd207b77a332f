using System.Text;
using WgNet.Uapi;
using Xunit;

namespace WgNet.Unit.Uapi;

/// <summary>Mutated requests and files: accepted or refused with the documented error, never anything else, in bounded time.</summary>
public sealed class MutationTests
{
    private static readonly byte[] Interesting = "\n\r\0=#-,/.:[]0159afzAZ \u00ff\u0080"u8.ToArray();

    [Fact]
    public void Set_MutatedRequests_AreAcceptedOrRefused()
    {
        string text = ConfigurationFileTests.Write(ConfigurationFile.Parse(ConfigurationFileTests.Whole, "x", ConfigurationMode.Replace).Update);
        byte[] seed = Encoding.ASCII.GetBytes(text["set=1\n".Length..]);
        var random = new Random(1);
        int accepted = 0, refused = 0;
        for (int i = 0; i < 300_000; i++)
        {
            UapiSetParser parser = UapiSetParser.Parse(Mutate(seed, random));
            _ = parser.Error is null ? accepted++ : refused++;
        }

        Assert.True(accepted > 1000 && refused > 1000, $"{accepted} accepted, {refused} refused");
    }

    [Fact]
    public void Parse_MutatedFiles_AreAcceptedOrRefused()
    {
        byte[] seed = Encoding.ASCII.GetBytes(ConfigurationFileTests.Whole);
        var random = new Random(2);
        int accepted = 0, refused = 0;
        for (int i = 0; i < 100_000; i++)
        {
            try
            {
                _ = ConfigurationFile.Parse(Encoding.Latin1.GetString(Mutate(seed, random)), "x", ConfigurationMode.Replace);
                accepted++;
            }
            catch (ConfigurationFileException)
            {
                refused++;
            }
        }

        Assert.True(accepted > 1000 && refused > 1000, $"{accepted} accepted, {refused} refused");
    }

    // One to three of: a changed byte, a removed piece, a repeated piece.
    private static byte[] Mutate(byte[] seed, Random random)
    {
        List<byte> text = [.. seed];
        for (int edits = random.Next(1, 4); edits > 0 && text.Count > 1; edits--)
        {
            int at = random.Next(text.Count), length = Math.Min(random.Next(1, 20), text.Count - at);
            switch (random.Next(3))
            {
                case 0:
                    text[at] = Interesting[random.Next(Interesting.Length)];
                    break;
                case 1:
                    text.RemoveRange(at, length);
                    break;
                default:
                    text.InsertRange(random.Next(text.Count), text.GetRange(at, length));
                    break;
            }
        }

        return [.. text];
    }
}
