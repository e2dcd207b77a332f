using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>
/// The pieces of one packet as writev(2) takes them, filled anew for each without allocating. The buffers must outlive it; one thread at a time.
/// </summary>
public sealed unsafe class IoVectors(int capacity)
{
    // Pinned where it was born: the kernel reads it there.
    private readonly IoVector[] _vectors = GC.AllocateArray<IoVector>(capacity, pinned: true);

    public int Capacity => _vectors.Length;

    public int Count { get; private set; }

    /// <summary>Bytes in all pieces.</summary>
    public int Length { get; private set; }

    /// <summary>A piece, for who takes the packet without a system call.</summary>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return new ReadOnlySpan<byte>(_vectors[index].Base, (int)_vectors[index].Length);
        }
    }

    public void Clear() => (Count, Length) = (0, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(NativeBuffer buffer, int offset, int length)
    {
        _vectors[Count] = new IoVector { Base = buffer.Pointer(offset, length), Length = (nuint)length };
        Count++;
        Length += length;
    }

    /// <summary>Writes all pieces as one, but for the first <paramref name="skipped"/> bytes of the first; 0 or errno. Through signals.</summary>
    public int Write(int fd, int skipped)
    {
        ref IoVector first = ref _vectors[0];
        ArgumentOutOfRangeException.ThrowIfGreaterThan((nuint)skipped, first.Length, nameof(skipped));
        first.Base += skipped;
        first.Length -= (nuint)skipped;
        int errno = Write(fd);
        first.Base -= skipped;
        first.Length += (nuint)skipped;
        return errno;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Write(int fd)
    {
        var vectors = (IoVector*)Marshal.UnsafeAddrOfPinnedArrayElement(_vectors, 0);
        int written;
        do
        {
            written = SystemCall.WriteVector(fd, vectors, Count);
        }
        while (written == -Errno.EINTR);
        return written < 0 ? -written : 0;
    }
}
