using Microsoft.Win32.SafeHandles;
using WgNet.Linux;
using Xunit;

namespace WgNet.Unit.Linux;

public sealed class FileLockTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    [Fact]
    public void TryTake_AnotherHasIt_IsRefusedUntilThatIsClosed()
    {
        using SafeFileHandle second = FileLock.Open(_path);
        using (SafeFileHandle first = FileLock.Open(_path))
        {
            Assert.True(FileLock.TryTake(first));
            Assert.True(FileLock.TryTake(first));
            Assert.False(FileLock.TryTake(second));
        }

        Assert.True(FileLock.TryTake(second));
    }

    [Fact]
    public void Open_NoFile_MakesOneForItsOwnerAlone()
    {
        FileLock.Open(_path).Dispose();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_path));
    }

    [Fact]
    public void Open_NoFolder_SaysWhich() =>
        Assert.Contains(_path, Assert.Throws<LinuxException>(() => FileLock.Open(_path + "/x")).Message, StringComparison.Ordinal);

    public void Dispose() => File.Delete(_path);
}
