using System.Buffers;

namespace WgNet.Uapi;

/// <summary>The shared array pool, but what was rented is wiped when it is given back: requests and answers carry private keys.</summary>
internal sealed class ClearingMemoryPool : MemoryPool<byte>
{
    private const int DefaultSize = 4096;

    public static ClearingMemoryPool Instance { get; } = new();

    public override int MaxBufferSize => 1 << 24;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => new Owner(minBufferSize <= 0 ? DefaultSize : minBufferSize);

    protected override void Dispose(bool disposing)
    {
    }

    private sealed class Owner(int size) : IMemoryOwner<byte>
    {
        private byte[]? _array = ArrayPool<byte>.Shared.Rent(size);

        public Memory<byte> Memory => _array ?? throw new ObjectDisposedException(nameof(Owner));

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _array, null) is { } array)
            {
                ArrayPool<byte>.Shared.Return(array, clearArray: true);
            }
        }
    }
}
