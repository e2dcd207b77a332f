using WgNet.Linux;
using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol.Crypto;

/// <summary>The kernels that this processor can run, for tests of each; and libsodium, which they are compared with.</summary>
internal static class AeadKernels
{
    public static TheoryData<AeadKernel> Supported { get; } = [.. Enum.GetValues<AeadKernel>().Where(Aead.IsSupported)];

    /// <summary>What libsodium makes of it: ciphertext and tag.</summary>
    public static byte[] SealedBySodium(byte[] key, ulong counter, ReadOnlySpan<byte> plaintext, byte[]? associatedData = null)
    {
        Assert.True(Sodium.TryInitialize());
        byte[] output = new byte[plaintext.Length + Aead.TagSize];
        Sodium.Seal(key, counter, associatedData, plaintext, output);
        return output;
    }

    /// <summary>Zeros and ones in long runs, or random bytes: carries run far in the former.</summary>
    public static void Fill(Random random, Span<byte> bytes)
    {
        switch (random.Next(8))
        {
            case 0: bytes.Clear(); break;
            case 1: bytes.Fill(0xFF); break;
            default: random.NextBytes(bytes); break;
        }
    }
}
