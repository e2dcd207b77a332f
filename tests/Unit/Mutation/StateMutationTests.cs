using System.Text;
using WgNet.Device;
using WgNet.Unit.Device.State;
using Xunit;

namespace WgNet.Unit.Mutation;

/// <summary>Mutated state files, with the checksum that goes with them, so that every line is looked at.</summary>
public sealed class StateMutationTests
{
    private static readonly byte[] Lines = Encoding.ASCII.GetBytes(SavedStateTests.Lines);

    [Fact]
    public void Read_MutatedStates_AreRefusedOrMeanTheSameWhenWrittenAgain()
    {
        int accepted = 0, refused = 0;
        MutationRun.Each(100_000, mutator =>
        {
            byte[] text = SavedStateTests.WithChecksum(Encoding.Latin1.GetString(mutator.Text(Lines)));
            if (SavedStateReader.TryRead(text, out SavedState? state, out string problem))
            {
                byte[] written = SavedStateTests.Write(state);
                Assert.True(SavedStateReader.TryRead(written, out SavedState? again, out problem), problem);
                Assert.Equal(written, SavedStateTests.Write(again));
                accepted++;
            }
            else
            {
                Assert.NotEqual("", problem);
                refused++;
            }
        });

        Assert.True(accepted > 100 && refused > 100, $"{accepted} accepted, {refused} refused");
    }
}
