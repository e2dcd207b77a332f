using System.Diagnostics;
using System.IO.Pipes;
using WgNet.Linux;
using Xunit;

namespace WgNet.Unit.Linux;

public sealed class SystemCallTests
{
    [Fact]
    public void Failure_OfEach_IsItsErrno()
    {
        using var buffer = new NativeBuffer(16);
        var vectors = new IoVectors(1);
        vectors.Add(buffer, 0, 16);
        Assert.Equal(-Errno.EBADF, TunFile.Read(-1, buffer, 0, 16));
        Assert.Equal(Errno.EBADF, vectors.Write(-1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Poll.Wait([], TimeSpan.FromTicks(-1)));
    }

    [Fact]
    public void Wait_WithTimeout_SaysWhetherSomethingCame()
    {
        using var signal = new EventFd();
        PollFd[] poll = [new PollFd(signal.Fd, PollFd.POLLIN)];
        long begun = Stopwatch.GetTimestamp();
        Assert.False(Poll.Wait(poll, TimeSpan.FromMilliseconds(20)));
        Assert.InRange(Stopwatch.GetElapsedTime(begun).TotalMilliseconds, 19, 5000);
        signal.Signal();
        Assert.True(Poll.Wait(poll, TimeSpan.FromMinutes(1)));
        Poll.Wait(poll);
        Assert.True(poll[0].IsReadable);
    }

    [Fact]
    public void Read_AndWrite_MoveTheBytes()
    {
        using var from = new NativeBuffer(64);
        using var to = new NativeBuffer(64);
        from.Slice(10, 20).Fill(7);
        using var pipe = new AnonymousPipeServerStream(PipeDirection.Out);
        var vectors = new IoVectors(2);
        vectors.Add(from, 8, 10);
        vectors.Add(from, 20, 10);
        Assert.Equal(0, vectors.Write((int)pipe.SafePipeHandle.DangerousGetHandle(), skipped: 2));
        Assert.Equal(18, TunFile.Read((int)pipe.ClientSafePipeHandle.DangerousGetHandle(), to, 4, 60));
        Assert.Equal(18, to.Span.Count((byte)7));
        Assert.Equal(4, to.Span.IndexOf((byte)7));
    }
}
