using System.Runtime.CompilerServices;

namespace WgNet.Protocol;

/// <summary>
/// ChaCha20-Poly1305 (RFC 8439) in place, with WireGuard's nonce: four zero bytes and a counter, little-endian. One packet,
/// or a batch under one key, which wide vectors seal in far less time a packet. Thread-safe; allocates nothing.
/// </summary>
/// <remarks>
/// The kernel is the widest that the processor has, chosen once at start; .NET's own switches (DOTNET_EnableAVX512=0,
/// DOTNET_EnableAVX2=0, DOTNET_EnableHWIntrinsic=0) select narrower ones. Associated data comes only with handshakes,
/// a few dozen bytes beside two X25519 each, so the scalar reference serves those.
/// </remarks>
public static unsafe class Aead
{
    public const int KeySize = 32;
    public const int TagSize = 16;

    /// <summary>The kernel in use.</summary>
    public static AeadKernel Kernel { get; } = Widest();

    /// <param name="key">32 bytes.</param>
    /// <param name="counter">Once per key.</param>
    /// <param name="dataAndTag">The plaintext and, behind it, 16 bytes for the tag.</param>
    public static void Seal(ReadOnlySpan<byte> key, ulong counter, ReadOnlySpan<byte> associatedData, Span<byte> dataAndTag)
    {
        if (associatedData.IsEmpty)
        {
            Seal(Kernel, key, counter, dataAndTag);
            return;
        }

        ThrowIfNotKey(key);
        ThrowIfNoRoomForTag(dataAndTag);
        AeadScalar.Seal(key, noncePrefix: 0, counter, associatedData, dataAndTag);
    }

    /// <summary>The reverse of sealing: the plaintext then lies where the ciphertext lay. False, and all as it was, if the tag is wrong or missing.</summary>
    public static bool TryOpen(ReadOnlySpan<byte> key, ulong counter, ReadOnlySpan<byte> associatedData, Span<byte> dataAndTag)
    {
        if (associatedData.IsEmpty)
        {
            return TryOpen(Kernel, key, counter, dataAndTag);
        }

        ThrowIfNotKey(key);
        return dataAndTag.Length >= TagSize && AeadScalar.TryOpen(key, noncePrefix: 0, counter, associatedData, dataAndTag);
    }

    /// <summary>Seals any number of packets of any lengths under one key, without associated data. Runs of equal lengths are the fast case.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A packet or its tag is not within <paramref name="memory"/>; nothing was sealed.</exception>
    public static void Seal(ReadOnlySpan<byte> key, Span<byte> memory, ReadOnlySpan<AeadPacket> packets) => Seal(Kernel, key, memory, packets);

    /// <summary>The reverse for a batch: sets <see cref="AeadPacket.Authentic"/>. A packet whose tag is wrong is left as it was.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A packet or its tag is not within <paramref name="memory"/>; nothing was opened.</exception>
    public static void Open(ReadOnlySpan<byte> key, Span<byte> memory, Span<AeadPacket> packets) => Open(Kernel, key, memory, packets);

    internal static bool IsSupported(AeadKernel kernel) => kernel switch
    {
        AeadKernel.Scalar => AeadScalar.IsSupported,
        AeadKernel.Vector128 => AeadVector128.IsSupported,
        AeadKernel.Avx2 => AeadAvx2.IsSupported,
        AeadKernel.Avx512 => AeadAvx512.IsSupported,
        _ => false,
    };

    // The overloads with a kernel are for tests and benchmarks; the kernel must be supported.
    internal static void Seal(AeadKernel kernel, ReadOnlySpan<byte> key, ulong counter, Span<byte> dataAndTag)
    {
        switch (kernel)
        {
            case AeadKernel.Avx2: Seal<AeadAvx2>(key, counter, dataAndTag); break;
            case AeadKernel.Vector128: Seal<AeadVector128>(key, counter, dataAndTag); break;
            case AeadKernel.Avx512: Seal<AeadAvx512>(key, counter, dataAndTag); break;
            default: Seal<AeadScalar>(key, counter, dataAndTag); break;
        }
    }

    internal static bool TryOpen(AeadKernel kernel, ReadOnlySpan<byte> key, ulong counter, Span<byte> dataAndTag) => kernel switch
    {
        AeadKernel.Avx2 => TryOpen<AeadAvx2>(key, counter, dataAndTag),
        AeadKernel.Vector128 => TryOpen<AeadVector128>(key, counter, dataAndTag),
        AeadKernel.Avx512 => TryOpen<AeadAvx512>(key, counter, dataAndTag),
        _ => TryOpen<AeadScalar>(key, counter, dataAndTag),
    };

    internal static void Seal(AeadKernel kernel, ReadOnlySpan<byte> key, Span<byte> memory, ReadOnlySpan<AeadPacket> packets)
    {
        switch (kernel)
        {
            case AeadKernel.Avx2: Seal<AeadAvx2>(key, memory, packets); break;
            case AeadKernel.Vector128: Seal<AeadVector128>(key, memory, packets); break;
            case AeadKernel.Avx512: Seal<AeadAvx512>(key, memory, packets); break;
            default: Seal<AeadScalar>(key, memory, packets); break;
        }
    }

    internal static void Open(AeadKernel kernel, ReadOnlySpan<byte> key, Span<byte> memory, Span<AeadPacket> packets)
    {
        switch (kernel)
        {
            case AeadKernel.Avx2: Open<AeadAvx2>(key, memory, packets); break;
            case AeadKernel.Vector128: Open<AeadVector128>(key, memory, packets); break;
            case AeadKernel.Avx512: Open<AeadAvx512>(key, memory, packets); break;
            default: Open<AeadScalar>(key, memory, packets); break;
        }
    }

    private static AeadKernel Widest()
    {
        AeadKernel kernel = AeadKernel.Avx512;
        while (!IsSupported(kernel))
        {
            kernel--;
        }

        return kernel;
    }

    private static void Seal<TKernel>(ReadOnlySpan<byte> key, ulong counter, Span<byte> dataAndTag)
        where TKernel : IAeadKernel
    {
        ThrowIfNotKey(key);
        ThrowIfNoRoomForTag(dataAndTag);
        fixed (byte* k = key, data = dataAndTag)
        {
            TKernel.Seal(k, counter, data, dataAndTag.Length - TagSize);
        }
    }

    private static bool TryOpen<TKernel>(ReadOnlySpan<byte> key, ulong counter, Span<byte> dataAndTag)
        where TKernel : IAeadKernel
    {
        ThrowIfNotKey(key);
        if (dataAndTag.Length < TagSize)
        {
            return false;
        }

        fixed (byte* k = key, data = dataAndTag)
        {
            return TKernel.TryOpen(k, counter, data, dataAndTag.Length - TagSize);
        }
    }

    private static void Seal<TKernel>(ReadOnlySpan<byte> key, Span<byte> memory, ReadOnlySpan<AeadPacket> packets)
        where TKernel : IAeadKernel
    {
        ThrowIfNotKey(key);
        ThrowIfOutside(memory, packets);
        fixed (byte* k = key, data = memory)
        {
            // There is nothing to group in one.
            if (packets.Length == 1)
            {
                ref readonly AeadPacket packet = ref packets[0];
                TKernel.Seal(k, packet.Counter, data + packet.Offset, packet.Length);
            }
            else
            {
                TKernel.Seal(k, data, packets);
            }
        }
    }

    private static void Open<TKernel>(ReadOnlySpan<byte> key, Span<byte> memory, Span<AeadPacket> packets)
        where TKernel : IAeadKernel
    {
        ThrowIfNotKey(key);
        ThrowIfOutside(memory, packets);
        fixed (byte* k = key, data = memory)
        {
            if (packets.Length == 1)
            {
                ref AeadPacket packet = ref packets[0];
                packet.Authentic = TKernel.TryOpen(k, packet.Counter, data + packet.Offset, packet.Length);
            }
            else
            {
                TKernel.Open(k, data, packets);
            }
        }
    }

    private static void ThrowIfNotKey(ReadOnlySpan<byte> key, [CallerArgumentExpression(nameof(key))] string? name = null) =>
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeySize, name);

    private static void ThrowIfNoRoomForTag(Span<byte> dataAndTag) =>
        ArgumentOutOfRangeException.ThrowIfLessThan(dataAndTag.Length, TagSize, nameof(dataAndTag));

    // The kernels work with pointers: this is where their bounds are checked.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ThrowIfOutside(Span<byte> memory, ReadOnlySpan<AeadPacket> packets)
    {
        foreach (ref readonly AeadPacket packet in packets)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(packet.Offset, nameof(packets));
            ArgumentOutOfRangeException.ThrowIfNegative(packet.Length, nameof(packets));
            ArgumentOutOfRangeException.ThrowIfGreaterThan((long)packet.Offset + packet.Length + TagSize, memory.Length, nameof(packets));
        }
    }
}
