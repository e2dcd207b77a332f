using System.Diagnostics;
using System.Text;
using WgNet.Device;
using Xunit;
using static WgNet.Unit.Device.State.SavedStateTests;

namespace WgNet.Unit.Device.State;

public sealed class StateStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wgnet-state-").FullName;
    private readonly StateStore _store;

    public StateStoreTests() => _store = new StateStore(Path);

    private string Path => System.IO.Path.Combine(_folder, "deep", "wg0.state");

    private string Damaged => Path + ".damaged";

    [Fact]
    public void Load_NothingThere_IsNothingAndNoProblem()
    {
        Assert.Null(_store.Load(out string? problem));
        Assert.Null(problem);
    }

    [Fact]
    public void Save_Twice_IsReadAgainAndForItsOwnerAlone()
    {
        Save(1);
        Save(2);
        SavedState? state = _store.Load(out string? problem);
        Assert.Null(problem);
        Assert.Equal(Key(2), Assert.Single(state!.Peers).PublicKey);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
        Assert.Equal([Path], Directory.GetFileSystemEntries(System.IO.Path.GetDirectoryName(Path)!));
    }

    [Fact]
    public void Save_NothingToKeep_LeavesNoFile()
    {
        Save(1);
        _store.Save(savedAt: 1, _ => { });
        Assert.Empty(Directory.GetFileSystemEntries(System.IO.Path.GetDirectoryName(Path)!));
    }

    [Fact]
    public void Save_LinkInPlaceOfTheTemporaryFile_IsNotFollowed()
    {
        Save(1);
        string victim = System.IO.Path.Combine(_folder, "victim");
        File.WriteAllText(victim, "precious");
        File.CreateSymbolicLink(Path + ".new", victim);
        Save(2);
        Assert.Equal("precious", File.ReadAllText(victim));
        Assert.NotNull(_store.Load(out _));
    }

    [Fact]
    public void Save_Failing_KeepsWhatWasThereAndLeavesNoTemporaryFile()
    {
        Save(1);
        Assert.Throws<IOException>(() => _store.Save(savedAt: 2, _ => throw new IOException("No space left on device")));
        Assert.Equal(Key(1), Assert.Single(_store.Load(out _)!.Peers).PublicKey);
        Assert.False(File.Exists(Path + ".new"));
    }

    [Fact]
    public void Load_DamagedFile_IsSetAsideInPlaceOfAnOlderOne()
    {
        foreach (string content in (string[])["wgnet_state=7\n", "first", "second"])
        {
            Save(1);
            File.WriteAllText(Path, content);
            Assert.Null(_store.Load(out string? problem));
            Assert.Contains(Damaged, problem, StringComparison.Ordinal);
            Assert.Equal(content, File.ReadAllText(Damaged));
            Assert.False(File.Exists(Path));
            Assert.Null(_store.Load(out problem));
            Assert.Null(problem);
        }
    }

    [Fact]
    public void Load_HugeFile_IsSetAsideUnread()
    {
        Save(1);
        using (FileStream file = File.OpenWrite(Path))
        {
            file.SetLength(1L << 40);
        }

        Assert.Null(_store.Load(out string? problem));
        Assert.Contains("too large", problem, StringComparison.Ordinal);
        Assert.True(File.Exists(Damaged));
    }

    [Theory]
    [InlineData("link")]
    [InlineData("folder")]
    [InlineData("pipe")]
    [InlineData("device")]
    public void Load_NoFile_IsSetAsideAndTheNextOneIsKept(string what)
    {
        string victim = System.IO.Path.Combine(_folder, "victim");
        File.WriteAllBytes(victim, Encoding.ASCII.GetBytes("precious"));
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        string[] make = what switch
        {
            "link" => ["ln", "-s", victim, Path],
            "folder" => ["mkdir", Path],
            "pipe" => ["mkfifo", Path],
            _ => ["mknod", Path, "c", "1", "3"],
        };
        using (Process process = Process.Start(make[0], make[1..]))
        {
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }

        Assert.Null(_store.Load(out string? problem));
        Assert.Contains("it is no file", problem, StringComparison.Ordinal);
        Save(1);
        Assert.NotNull(_store.Load(out problem));
        Assert.Null(problem);
        Assert.Equal("precious", File.ReadAllText(victim));
    }

    [Fact]
    public void Load_FolderThatIsAFile_IsAMessage()
    {
        File.WriteAllText(System.IO.Path.Combine(_folder, "deep"), "");
        Assert.Null(_store.Load(out string? problem));
        Assert.Contains("cannot be read", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Remove_LeavesNothing()
    {
        _store.Remove();
        Save(1);
        File.WriteAllText(Damaged, "");
        File.WriteAllText(Path + ".new", "");
        _store.Remove();
        Assert.Empty(Directory.GetFileSystemEntries(System.IO.Path.GetDirectoryName(Path)!));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private void Save(byte key) =>
        _store.Save(savedAt: 1, writer => writer.Add(new SavedPeer(Key(key)) { Learned = [Learned(key, 0)] }));
}
