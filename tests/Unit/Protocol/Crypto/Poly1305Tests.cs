using System.Numerics;
using System.Runtime.Intrinsics;
using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol.Crypto;

/// <summary>The MACs alone, where carries run farthest, against integers of any size.</summary>
public sealed unsafe class Poly1305Tests
{
    private static readonly BigInteger Prime = (BigInteger.One << 130) - 5;

    [Fact]
    public void Scalar_ExtremeKeysAndMessages_AgreesWithBigInteger() => Compare(0, (key, message, tag) =>
    {
        var mac = new Poly1305Scalar(key);
        mac.UpdatePadded(message);
        mac.UpdateBlock(0, (ulong)message.Length);
        mac.Finish(tag);
    });

    [Fact]
    public void FourLanes_ExtremeKeysAndMessages_AgreesWithBigInteger()
    {
        if (!Aead.IsSupported(AeadKernel.Avx512))
        {
            return;
        }

        Compare(Poly1305Vector256.MinLength, (key, message, tag) =>
        {
            fixed (byte* k = key, m = message, t = tag)
            {
                Poly1305Vector256.Tag(k, m, message.Length, t);
            }
        });
    }

    [Fact]
    public void EightMessages_ExtremeKeysAndMessages_AgreesWithBigInteger()
    {
        if (!Aead.IsSupported(AeadKernel.Avx512))
        {
            return;
        }

        var random = new Random(9);
        int turn = 0;
        Compare(0, (key, message, tag) =>
        {
            // The lane in question, and seven others of random content.
            int lane = turn++ % Poly1305Lanes512.Lanes;
            byte[] keys = new byte[Poly1305Lanes512.Lanes * 64], other = new byte[message.Length + 1], tags = new byte[Poly1305Lanes512.Lanes * 16];
            random.NextBytes(keys);
            random.NextBytes(other);
            key.CopyTo(keys, lane * 64);
            fixed (byte* k = keys, m = message, o = other, t = tags)
            {
                byte** data = stackalloc byte*[Poly1305Lanes512.Lanes];
                for (int i = 0; i < Poly1305Lanes512.Lanes; i++)
                {
                    data[i] = i == lane ? m : o;
                }

                // A beginning of any length was taken in before, by integers.
                int blocks = random.Next((message.Length / Poly1305Scalar.BlockSize) + 1);
                var mac = new Poly1305Words(k + (lane * 64));
                mac.Absorb(m, blocks);
                Vector512<ulong> atLane = Vector512.Equals(Vector512.Create(0UL, 1, 2, 3, 4, 5, 6, 7), Vector512.Create((ulong)lane));
                Vector512<ulong>* begun = stackalloc Vector512<ulong>[] { atLane & Vector512.Create(mac.H0), atLane & Vector512.Create(mac.H1), atLane & Vector512.Create(mac.H2) };
                Poly1305Lanes512.Tag(k, data, message.Length, begun, blocks * Poly1305Scalar.BlockSize, t);
            }

            tags.AsSpan(lane * 16, 16).CopyTo(tag);
        });
    }

    [Fact]
    public void FourMessages_ExtremeKeysAndMessages_AgreesWithBigInteger()
    {
        if (!Aead.IsSupported(AeadKernel.Avx2))
        {
            return;
        }

        const int lanes = Poly1305Avx2Lanes.Lanes;
        var random = new Random(11);
        int turn = 0;
        Compare(3 * Poly1305Scalar.BlockSize, (key, message, tag) =>
        {
            // The lane in question, and three others of random content.
            int lane = turn++ % lanes;
            byte[] keys = new byte[lanes * 64], other = new byte[message.Length], tags = new byte[lanes * 16];
            random.NextBytes(keys);
            random.NextBytes(other);
            key.CopyTo(keys, lane * 64);

            // A beginning of any length was taken in before, up to the last three blocks.
            int blocks = random.Next(Poly1305Avx2.Blocks(message.Length) - 3);
            fixed (byte* k = keys, m = message, o = other, t = tags)
            {
                byte** data = stackalloc byte*[lanes];
                Poly1305Words* macs = stackalloc Poly1305Words[lanes];
                for (int i = 0; i < lanes; i++)
                {
                    data[i] = i == lane ? m : o;
                    macs[i] = new Poly1305Words(k + (i * 64));
                    macs[i].Absorb(data[i], blocks);
                }

                Poly1305Avx2Lanes.Finish(macs, k, data, message.Length, blocks * Poly1305Scalar.BlockSize, t);
            }

            tags.AsSpan(lane * 16, 16).CopyTo(tag);
        });
    }

    private static void Compare(int minLength, Action<byte[], byte[], byte[]> mac)
    {
        var random = new Random(10);
        int[] lengths = [.. Enumerable.Range(0, 330), 1420, 4096];
        foreach (int length in lengths.Where(length => length >= minLength))
        {
            for (int i = 0; i < 8; i++)
            {
                byte[] key = Extreme(random, 32), message = Extreme(random, length), tag = new byte[16];
                mac(key, message, tag);
                Assert.Equal(Reference(key, message), tag);
            }
        }
    }

    /// <summary>Blocks of ones, of zeros, just below and above the prime, and random ones.</summary>
    private static byte[] Extreme(Random random, int length)
    {
        byte[] bytes = new byte[length];
        int kind = random.Next(4);
        for (int i = 0; i < length; i += 16)
        {
            Span<byte> block = bytes.AsSpan(i, Math.Min(16, length - i));
            switch (kind == 3 ? random.Next(4) : kind)
            {
                case 0: block.Fill(0xFF); break;
                case 1: block[0] = (byte)random.Next(8); break;
                case 2: block.Fill(0xFF); block[0] = (byte)(0xF8 + random.Next(8)); break;
                default: random.NextBytes(block); break;
            }
        }

        return bytes;
    }

    // RFC 8439, section 2.5.1, with the padding and the block of lengths of section 2.8.
    private static byte[] Reference(byte[] key, byte[] message)
    {
        BigInteger r = Number(key.AsSpan(0, 16)) & BigInteger.Parse("0ffffffc0ffffffc0ffffffc0fffffff", System.Globalization.NumberStyles.HexNumber, provider: null);
        byte[] padded = [.. message, .. new byte[-message.Length & 15], .. new byte[8], .. BitConverter.GetBytes((long)message.Length)];
        BigInteger h = 0;
        for (int i = 0; i < padded.Length; i += 16)
        {
            h = (h + Number(padded.AsSpan(i, 16)) + (BigInteger.One << 128)) * r % Prime;
        }

        byte[] tag = new byte[16];
        ((h + Number(key.AsSpan(16))) & ((BigInteger.One << 128) - 1)).TryWriteBytes(tag, out _, isUnsigned: true);
        return tag;
    }

    private static BigInteger Number(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true);
}
