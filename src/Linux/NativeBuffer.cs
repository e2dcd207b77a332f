using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>
/// Packet memory outside the garbage-collected heap, zeroed, allocated once at start. The owner disposes it
/// after every thread that uses it has ended. System-call wrappers in this project take it with an offset and a length.
/// </summary>
public sealed unsafe class NativeBuffer : IDisposable
{
    private byte* _pointer;

    /// <param name="length">Bytes, above 0. Untouched pages cost no memory.</param>
    public NativeBuffer(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        Length = length;
        _pointer = (byte*)NativeMemory.AllocZeroed((nuint)length);
    }

    public int Length { get; }

    /// <summary>All of it.</summary>
    public Span<byte> Span
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            ObjectDisposedException.ThrowIf(_pointer == null, this);
            return new Span<byte>(_pointer, Length);
        }
    }

    /// <summary>A checked part of it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Slice(int offset, int length) => new(Pointer(offset, length), length);

    public void Dispose()
    {
        NativeMemory.Free(_pointer);
        _pointer = null;
    }

    /// <summary>The address of <paramref name="offset"/>, after checking that <paramref name="length"/> bytes follow. For system calls.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal byte* Pointer(int offset, int length)
    {
        if ((ulong)(uint)offset + (uint)length > (uint)Length || _pointer == null)
        {
            ThrowOutside(offset);
        }

        return _pointer + offset;
    }

    [DoesNotReturn]
    private void ThrowOutside(int offset)
    {
        ObjectDisposedException.ThrowIf(_pointer == null, this);
        throw new ArgumentOutOfRangeException(nameof(offset), offset, $"Not in a buffer of {Length} bytes.");
    }
}
