using WgNet.Device;
using WgNet.Linux;
using Xunit;

namespace WgNet.Unit.Device;

/// <summary>The clock that may be set back between two runs.</summary>
public sealed class TimestampFloorTests
{
    [Fact]
    public void Timestamps_AfterRestartWithClockSetBack_DoNotDecrease()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("wgnet-test").FullName, "wg0.timestamp");
        long future = Clock.WallTime + 86_400_000_000_000;
        try
        {
            var first = new TimestampFloor(path, Log.None);
            first.Sent(future);

            Assert.True(new TimestampFloor(path, Log.None).Floor >= future);

            File.WriteAllText(path, "garbage\n");
            Assert.Equal(0, new TimestampFloor(path, Log.None).Floor);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }
}
