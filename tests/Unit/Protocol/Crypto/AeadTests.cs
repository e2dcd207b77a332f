using System.Text;
using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol.Crypto;

public sealed class AeadTests
{
    // Where kernels change their way: around blocks, groups of blocks, and the ends of the range.
    private static readonly int[] Lengths =
    [
        .. Enumerable.Range(0, 600), .. Enumerable.Range(1000, 60), 1419, 1420, 1421, 1440, 2047, 2048, 2049, 4079, 4080, 4081, 4095, 4096, 4097,
        8920, 8921, 16_383, 32_768, 65_519, 65_520, 65_534, 65_535,
    ];

    public static TheoryData<AeadKernel> Kernels => AeadKernels.Supported;

    [Fact]
    public void Seal_Rfc8439Section282_GivesItsCiphertextAndTag()
    {
        byte[] key = [.. Enumerable.Range(0x80, 32).Select(i => (byte)i)];
        byte[] associatedData = Convert.FromHexString("50515253c0c1c2c3c4c5c6c7");
        byte[] data =
        [
            .. Encoding.ASCII.GetBytes(
                "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."),
            .. new byte[16],
        ];
        AeadScalar.Seal(key, noncePrefix: 7, counter: 0x4746_4544_4342_4140, associatedData, data);
        Assert.Equal("1ae10b594f09e26a7e902ecbd0600691", Convert.ToHexStringLower(data[^16..]));
        Assert.StartsWith("d31a8d34648e60db7b86afbc53ef7ec2", Convert.ToHexStringLower(data), StringComparison.Ordinal);
    }

    [Fact]
    public void Scalar_Wycheproof_Agrees()
    {
        int valid = 0;
        int invalid = 0;
        foreach (AeadTestVector test in AeadTestVector.All("chacha20_poly1305_test.json").Where(test => test.Nonce.Length == 12))
        {
            uint prefix = BitConverter.ToUInt32(test.Nonce);
            ulong counter = BitConverter.ToUInt64(test.Nonce, 4);
            byte[] data = [.. test.Sealed];
            Assert.Equal(test.IsValid, AeadScalar.TryOpen(test.Key, prefix, counter, test.AssociatedData, data));
            if (!test.IsValid)
            {
                Assert.Equal(test.Sealed, data);
                invalid++;
                continue;
            }

            Assert.Equal(test.Plaintext, data[..^16]);
            AeadScalar.Seal(test.Key, prefix, counter, test.AssociatedData, data);
            Assert.Equal(test.Sealed, data);
            valid++;
        }

        Assert.True(valid > 200 && invalid > 30, $"{valid} valid, {invalid} invalid");
    }

    [Fact]
    public void Seal_WithAssociatedData_AgreesWithLibsodium()
    {
        var random = new Random(1);
        for (int i = 0; i < 1000; i++)
        {
            byte[] key = new byte[32], associatedData = new byte[random.Next(100)], plaintext = new byte[random.Next(100)];
            random.NextBytes(key);
            random.NextBytes(associatedData);
            random.NextBytes(plaintext);
            ulong counter = (ulong)random.NextInt64();

            byte[] data = [.. plaintext, .. new byte[16]];
            Aead.Seal(key, counter, associatedData, data);
            Assert.Equal(AeadKernels.SealedBySodium(key, counter, plaintext, associatedData), data);
            Assert.True(Aead.TryOpen(key, counter, associatedData, data));
            Assert.Equal(plaintext, data[..^16]);
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Seal_EveryLength_AgreesWithLibsodium(AeadKernel kernel)
    {
        var random = new Random(2);
        byte[] key = new byte[32];
        foreach (int length in Lengths.Concat(Enumerable.Range(0, 200).Select(_ => random.Next(65_536))))
        {
            byte[] data = new byte[length + 16 + 32];
            AeadKernels.Fill(random, key);
            AeadKernels.Fill(random, data);
            byte[] before = [.. data];
            ulong counter = RandomCounter(random);

            Aead.Seal(kernel, key, counter, data.AsSpan(16..^16));

            Assert.Equal(before[..16], data[..16]);
            Assert.Equal(before[^16..], data[^16..]);
            Assert.Equal(AeadKernels.SealedBySodium(key, counter, before.AsSpan(16..^32)), data[16..^16]);
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void TryOpen_EveryLength_GivesThePlaintextAndTouchesNothingElse(AeadKernel kernel)
    {
        var random = new Random(3);
        byte[] key = new byte[32];
        foreach (int length in Lengths)
        {
            byte[] plaintext = new byte[length];
            AeadKernels.Fill(random, key);
            AeadKernels.Fill(random, plaintext);
            ulong counter = RandomCounter(random);
            byte[] sealedData = AeadKernels.SealedBySodium(key, counter, plaintext);
            byte[] data = [.. new byte[16], .. sealedData, .. new byte[16]];

            Assert.True(Aead.TryOpen(kernel, key, counter, data.AsSpan(16..^16)));

            Assert.Equal([.. new byte[16], .. plaintext, .. sealedData[^16..], .. new byte[16]], data);
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void TryOpen_OneBitChanged_IsFalseAndLeavesAll(AeadKernel kernel)
    {
        var random = new Random(4);
        byte[] key = new byte[32];
        random.NextBytes(key);
        foreach (int length in Lengths.Where(length => length is < 300 or (> 1000 and < 5000)))
        {
            byte[] data = AeadKernels.SealedBySodium(key, 9, new byte[length]);
            data[random.Next(data.Length)] ^= (byte)(1 << random.Next(8));
            byte[] before = [.. data];
            Assert.False(Aead.TryOpen(kernel, key, 9, data));
            Assert.Equal(before, data);
        }

        Assert.False(Aead.TryOpen(kernel, key, 9, new byte[15]));
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void TryOpen_EveryBitOfTheTag_Counts(AeadKernel kernel)
    {
        byte[] data = AeadKernels.SealedBySodium(new byte[32], 1, new byte[100]);
        for (int bit = 0; bit < 128; bit++)
        {
            data[100 + (bit / 8)] ^= (byte)(1 << (bit % 8));
            Assert.False(Aead.TryOpen(kernel, new byte[32], 1, data));
            data[100 + (bit / 8)] ^= (byte)(1 << (bit % 8));
        }

        Assert.True(Aead.TryOpen(kernel, new byte[32], 1, data));
    }

    [Fact]
    public void WrongLengths_Throw_BeforeAnythingIsWritten()
    {
        byte[] key = new byte[32], memory = new byte[64];
        Assert.Throws<ArgumentOutOfRangeException>(() => Aead.Seal(new byte[31], 0, default, memory));
        Assert.Throws<ArgumentOutOfRangeException>(() => Aead.Seal(key, 0, default, memory.AsSpan(..15)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Aead.Seal(key, 0, new byte[1], memory.AsSpan(..15)));
        Assert.Throws<ArgumentOutOfRangeException>(() => Aead.TryOpen(new byte[33], 0, default, memory));
        foreach ((int offset, int length) in new[] { (-1, 16), (0, -1), (0, 49), (48, 1), (int.MaxValue, int.MaxValue) })
        {
            AeadPacket[] packets = [new AeadPacket { Length = 8 }, new AeadPacket { Offset = offset, Length = length }];
            Assert.Throws<ArgumentOutOfRangeException>(() => Aead.Seal(key, memory, packets));
            Assert.Throws<ArgumentOutOfRangeException>(() => Aead.Open(key, memory, packets));
        }

        Assert.Equal(new byte[64], memory);
    }

    /// <summary>Often where the low word of the counter, or the block number in a wrong place, would carry.</summary>
    private static ulong RandomCounter(Random random) => random.Next(4) switch
    {
        0 => uint.MaxValue - (ulong)random.Next(3),
        1 => (1UL << 32) + (ulong)random.Next(3),
        _ => (ulong)random.NextInt64(),
    };
}
