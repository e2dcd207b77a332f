using WgNet.Linux;

namespace WgNet.Tun;

/// <summary>A packet in pieces, in order: where each lies in which buffer. Reused; filling it allocates nothing.</summary>
public sealed class PacketPieces
{
    /// <summary>As many pieces as one packet can have: its header and 128 payloads.</summary>
    public const int Capacity = 129;

    private readonly NativeBuffer[] _buffers = new NativeBuffer[Capacity];
    private readonly int[] _offsets = new int[Capacity];
    private readonly int[] _lengths = new int[Capacity];

    public int Count { get; private set; }

    /// <summary>Bytes in all pieces.</summary>
    public int Length { get; private set; }

    public void Add(NativeBuffer buffer, int offset, int length)
    {
        _buffers[Count] = buffer;
        _offsets[Count] = offset;
        _lengths[Count] = length;
        Count++;
        Length += length;
    }

    public void Clear()
    {
        Count = 0;
        Length = 0;
    }

    public (NativeBuffer Buffer, int Offset, int Length) this[int index] => (_buffers[index], _offsets[index], _lengths[index]);
}
