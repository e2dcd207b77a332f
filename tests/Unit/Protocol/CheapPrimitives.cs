using System.Buffers.Binary;
using System.Numerics;
using WgNet.Protocol;

namespace WgNet.Unit.Protocol;

/// <summary>
/// Primitives that behave like the real ones (Diffie-Hellman commutes) at a hundredth of their cost, for simulations of
/// many thousand sessions. No security.
/// </summary>
internal sealed class CheapPrimitives(int seed) : SeededPrimitives(seed)
{
    private const ulong Prime = (1UL << 61) - 1;

    public override void X25519Base(ReadOnlySpan<byte> privateKey, Span<byte> publicKey) => Write(Power(37, Exponent(privateKey)), publicKey);

    public override bool TryX25519(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, Span<byte> sharedSecret)
    {
        ulong element = BinaryPrimitives.ReadUInt64LittleEndian(publicKey) % Prime;
        // Only what X25519Base writes is a point, so that a changed bit anywhere in it matters.
        Span<byte> canonical = stackalloc byte[32];
        Write(element, canonical);
        ulong rest = canonical.SequenceEqual(publicKey) ? 0 : Mix(BinaryPrimitives.ReadUInt64LittleEndian(publicKey[24..]), 1) | 1;
        Write(Power(element, Exponent(privateKey)) ^ rest, sharedSecret);
        return element != 0;
    }

    // Plain memory: thousands of tables would only crowd the locked pages.
    public override SecretMemory AllocateSecret(int length) => new Plain(length);

    private static ulong Fold(ReadOnlySpan<byte> bytes, ulong state)
    {
        for (; bytes.Length >= 8; bytes = bytes[8..])
        {
            state = Mix(state, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        foreach (byte b in bytes)
        {
            state = Mix(state, b);
        }

        return state;
    }

    private static ulong Mix(ulong a, ulong b)
    {
        ulong x = (BitOperations.RotateLeft(a, 23) ^ b) + 0x9E37_79B9_7F4A_7C15;
        x = (x ^ (x >> 30)) * 0xBF58_476D_1CE4_E5B9;
        return x ^ (x >> 31);
    }

    private static ulong Exponent(ReadOnlySpan<byte> privateKey) => Fold(privateKey, 7) | 1;

    private static ulong Power(ulong element, ulong exponent)
    {
        UInt128 result = 1;
        UInt128 square = element;
        for (; exponent != 0; exponent >>= 1)
        {
            result = (exponent & 1) != 0 ? result * square % Prime : result;
            square = square * square % Prime;
        }

        return (ulong)result;
    }

    private static void Write(ulong element, Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, element);
        for (int i = 1; i < 4; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[(8 * i)..], Mix(element, (ulong)i));
        }
    }

    private sealed class Plain(int length) : SecretMemory
    {
        private readonly byte[] _bytes = new byte[length];

        public override Span<byte> Span => _bytes;

        protected override void Dispose(bool disposing) => _bytes.AsSpan().Clear();
    }
}
