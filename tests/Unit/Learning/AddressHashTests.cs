using System.Numerics;
using WgNet.Learning;
using Xunit;

namespace WgNet.Unit.Learning;

public sealed class AddressHashTests
{
    [Fact]
    public void Compute_KeyAndMessageOfSipHashsVectors_IsSipHash13()
    {
        // Key and message 00 01 … 0f; from a reference that was checked with SipHash-2-4's published vectors.
        byte[] secret = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];
        UInt128 message = new(0x0f0e0d0c0b0a0908, 0x0706050403020100);
        Assert.Equal(0xcc4fdd1a7d908b66, new AddressHash(secret).Compute(message));
    }

    [Fact]
    public void Compute_AddressesThatDifferByOneBit_DifferInHalfTheBits()
    {
        AddressHash hash = new(new byte[16]);
        UInt128 address = new(0x20010db800000000, 7);
        double average = Enumerable.Range(0, 128)
            .Average(bit => BitOperations.PopCount(hash.Compute(address) ^ hash.Compute(address ^ (UInt128.One << bit))));
        Assert.InRange(average, 30, 34);
    }

    [Fact]
    public void Compute_AddressesThatCollideWithoutASecret_FallAsRandomOnesDo()
    {
        // All of them have the same exclusive or of their 32-bit words. n balls into as many bins leave 1/e of the bins empty.
        const int Addresses = 1 << 17;
        AddressHash hash = new("any secret is ok"u8);
        int taken = Enumerable.Range(0, Addresses)
            .Select(i => hash.Compute(new UInt128(0x20010db800000000, ((ulong)i << 32) | (uint)i)) % Addresses)
            .Distinct().Count();
        Assert.InRange(taken / (double)Addresses, 0.627, 0.637);
    }

    [Fact]
    public void Create_SecretOfAnotherSize_IsAnError() => Assert.Throws<ArgumentOutOfRangeException>(() => new AddressHash(new byte[15]));
}
