using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>
/// The pieces of one writev(2), filled anew for each call without allocating. The buffers must outlive the call; one thread at a time.
/// </summary>
public sealed unsafe partial class IoVectors(int capacity) : IDisposable
{
    private IoVector* _vectors = (IoVector*)NativeMemory.AllocZeroed((nuint)capacity, (nuint)sizeof(IoVector));
    private int _count;

    public void Clear() => _count = 0;

    public void Add(NativeBuffer buffer, int offset, int length)
    {
        if (_count == capacity)
        {
            throw new InvalidOperationException($"writev is prepared for {capacity} pieces");
        }

        _vectors[_count++] = new IoVector { Base = buffer.Pointer(offset, length), Length = (nuint)length };
    }

    /// <summary>Writes all pieces as one; 0 or errno. Through signals.</summary>
    public int Write(int fd)
    {
        ObjectDisposedException.ThrowIf(_vectors == null, this);
        for (; ; )
        {
            if (writev(fd, _vectors, _count) >= 0)
            {
                return 0;
            }

            int errno = Marshal.GetLastPInvokeError();
            if (errno != Errno.EINTR)
            {
                return errno;
            }
        }
    }

    public void Dispose()
    {
        NativeMemory.Free(_vectors);
        _vectors = null;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint writev(int fd, IoVector* vectors, int count);
}
