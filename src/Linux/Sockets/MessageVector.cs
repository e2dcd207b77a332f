using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>
/// An array of struct mmsghdr with everything that it points to but the datagrams: one call of recvmmsg(2) or sendmmsg(2).
/// Native memory, allocated once; used by one thread at a time. The datagrams lie in <see cref="NativeBuffer"/>s,
/// which must outlive the call.
/// </summary>
public sealed unsafe class MessageVector : IDisposable
{
    /// <summary>Room for the control messages of one datagram: packet info, traffic class and segment size take 88 bytes.</summary>
    public const int ControlCapacity = 128;

    private const int NameCapacity = 32;
    private const int MSG_TRUNC = 0x20, MSG_CTRUNC = 0x8;

    private readonly MultiMessageHeader* _headers;
    private readonly IoVector* _vectors;
    private readonly byte* _names;
    private readonly byte* _controls;
    private byte* _memory;

    public MessageVector(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        Capacity = capacity;
        int each = sizeof(MultiMessageHeader) + sizeof(IoVector) + NameCapacity + ControlCapacity;
        _memory = (byte*)NativeMemory.AllocZeroed((nuint)capacity, (nuint)each);
        _headers = (MultiMessageHeader*)_memory;
        _vectors = (IoVector*)(_headers + capacity);
        _names = (byte*)(_vectors + capacity);
        _controls = _names + (capacity * NameCapacity);
    }

    public int Capacity { get; }

    /// <summary>Prepares a message to be sent: these bytes, to this name. Control messages are set after it.</summary>
    public void PrepareSend(int index, NativeBuffer buffer, int offset, int length, ReadOnlySpan<byte> name)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        MultiMessageHeader* header = Prepare(index, buffer, offset, length);
        name.CopyTo(new Span<byte>(header->Header.Name, NameCapacity));
        header->Header.NameLength = (uint)name.Length;
        header->Header.ControlLength = 0;
    }

    /// <summary>Prepares a message to be received into these bytes.</summary>
    public void PrepareReceive(int index, NativeBuffer buffer, int offset, int length)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        MultiMessageHeader* header = Prepare(index, buffer, offset, length);
        header->Header.NameLength = NameCapacity;
        header->Header.ControlLength = ControlCapacity;
    }

    /// <summary>Where to write the control messages of a message to be sent.</summary>
    public Span<byte> ControlSpace(int index) => new(Header(index)->Header.Control, ControlCapacity);

    public void SetControlLength(int index, int length) => Header(index)->Header.ControlLength = (nuint)Math.Clamp(length, 0, ControlCapacity);

    /// <summary>Bytes that were received.</summary>
    public int Length(int index) => (int)Header(index)->Length;

    /// <summary>Whether the datagram, or what came beside it, was cut off.</summary>
    public bool IsTruncated(int index) => (Header(index)->Header.Flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;

    /// <summary>The sender of a received message.</summary>
    public ReadOnlySpan<byte> Name(int index)
    {
        MessageHeader* header = &Header(index)->Header;
        return new ReadOnlySpan<byte>(header->Name, Math.Min((int)header->NameLength, NameCapacity));
    }

    /// <summary>The control messages of a received message.</summary>
    public ReadOnlySpan<byte> Control(int index)
    {
        MessageHeader* header = &Header(index)->Header;
        return new ReadOnlySpan<byte>(header->Control, (int)Math.Min(header->ControlLength, ControlCapacity));
    }

    public void Dispose()
    {
        NativeMemory.Free(_memory);
        _memory = null;
    }

    /// <summary>For system calls: the first of <paramref name="count"/> headers, after checking that they are there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal MultiMessageHeader* Headers(int first, int count)
    {
        if ((uint)first > (uint)Capacity || (uint)count > (uint)(Capacity - first))
        {
            throw new ArgumentOutOfRangeException(nameof(count));
        }

        ObjectDisposedException.ThrowIf(_memory == null, this);
        return _headers + first;
    }

    private MultiMessageHeader* Header(int index) => Headers(index, 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private MultiMessageHeader* Prepare(int index, NativeBuffer buffer, int offset, int length)
    {
        MultiMessageHeader* header = Header(index);
        IoVector* vector = _vectors + index;
        vector->Base = buffer.Pointer(offset, length);
        vector->Length = (nuint)length;
        header->Header.Name = _names + (index * NameCapacity);
        header->Header.Vectors = vector;
        header->Header.VectorCount = 1;
        header->Header.Control = _controls + (index * ControlCapacity);
        header->Header.Flags = 0;
        return header;
    }
}
