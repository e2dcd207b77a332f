using System.Numerics;
using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>
/// Memory for secrets: mapped pages that the garbage collector never moves or copies, locked into RAM where RLIMIT_MEMLOCK
/// allows it, and left out of core dumps. Cells of 32, 64, 128… bytes share the pages, so that ten thousand peers with
/// a few secrets each cost a few megabytes. Thread-safe; pages stay mapped until the process ends.
/// </summary>
/// <remarks>
/// A thread may still be sealing with a key that another one is disposing. That must neither crash nor seal with a known
/// key or with somebody else's: so a freed cell is overwritten with random bytes, not zeros, and rests for a while
/// before it is given out again.
/// </remarks>
public sealed unsafe partial class SecretPages(Func<long> clock)
{
    private const int MinCellSize = 32;
    private const int ChunkSize = 64 * 1024;
    private const int PROT_READ = 1, PROT_WRITE = 2, MAP_PRIVATE = 2, MAP_ANONYMOUS = 0x20, MADV_DONTDUMP = 16;

    private const long RestTime = 10_000_000_000;

    private readonly Lock _lock = new();
    private readonly SizeClass[] _classes = new SizeClass[BitOperations.Log2(ChunkSize / MinCellSize) + 1];

    public SecretPages()
        : this(() => Clock.BootTime)
    {
    }

    /// <summary>The process' own.</summary>
    public static SecretPages Shared { get; } = new();

    /// <summary>False once locking pages into RAM failed: secrets might then be swapped out.</summary>
    public bool IsLocked { get; private set; } = true;

    /// <summary>Bytes mapped so far.</summary>
    public long MappedBytes { get; private set; }

    /// <summary>A zeroed cell of <paramref name="length"/> bytes, 1 to 65536. Disposing wipes it; so does its finalizer.</summary>
    public SecretCell Allocate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, ChunkSize);

        int index = ClassIndex(length);
        lock (_lock)
        {
            byte* pointer = Take(ref _classes[index], MinCellSize << index);
            new Span<byte>(pointer, length).Clear();
            return new SecretCell(this, pointer, length);
        }
    }

    internal void Free(byte* pointer, int length)
    {
        KernelRandom.Fill(new Span<byte>(pointer, length));
        int index = ClassIndex(length);
        lock (_lock)
        {
            _classes[index].Resting!.Enqueue(new Resting((nint)pointer, clock() + RestTime));
        }
    }

    private static int ClassIndex(int length) =>
        BitOperations.Log2(BitOperations.RoundUpToPowerOf2((uint)Math.Max(length, MinCellSize)) / MinCellSize);

    private byte* Take(ref SizeClass cells, int cellSize)
    {
        cells.Resting ??= new Queue<Resting>();
        if (cells.Resting.TryPeek(out Resting oldest) && oldest.Until <= clock())
        {
            return (byte*)cells.Resting.Dequeue().Pointer;
        }

        if (cells.FreshBytes == 0)
        {
            cells.Fresh = MapChunk();
            cells.FreshBytes = ChunkSize;
        }

        byte* pointer = (byte*)cells.Fresh;
        cells.Fresh += cellSize;
        cells.FreshBytes -= cellSize;
        return pointer;
    }

    private nint MapChunk()
    {
        nint chunk = mmap(0, ChunkSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (chunk == -1)
        {
            throw new LinuxException(nameof(mmap), $"{ChunkSize} bytes for secrets", Marshal.GetLastPInvokeError());
        }

        // A kernel without one of these, or a limit, costs a layer of protection, not the service.
        IsLocked &= mlock(chunk, ChunkSize) == 0;
        _ = madvise(chunk, ChunkSize, MADV_DONTDUMP);
        MappedBytes += ChunkSize;
        return chunk;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint mmap(nint address, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport("libc")]
    private static partial int mlock(nint address, nuint length);

    [LibraryImport("libc")]
    private static partial int madvise(nint address, nuint length, int advice);

    private struct SizeClass
    {
        public Queue<Resting>? Resting;
        public nint Fresh;      // where the newest chunk was not given out yet
        public int FreshBytes;
    }

    private readonly record struct Resting(nint Pointer, long Until);
}
