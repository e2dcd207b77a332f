using System.Numerics;
using System.Runtime.Intrinsics;
using WgNet.Learning;
using Xunit;

namespace WgNet.Unit.Learning;

public sealed class AddressHashTests
{
    public static TheoryData<bool> Paths => AddressHash.HasAes ? [true, false] : [false];

    [Fact]
    public void SipHash_KeyAndMessageOfItsVectors_IsSipHash13()
    {
        // Key and message 00 01 … 0f; from a reference that was checked with SipHash-2-4's published vectors.
        byte[] secret = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];
        Assert.Equal(0xcc4fdd1a7d908b66, new SipHash(secret).Compute(0x0706050403020100, 0x0f0e0d0c0b0a0908));
    }

    [Fact]
    public void Round_ExampleOfFips197_IsOneRoundOfAes()
    {
        Assert.SkipUnless(AddressHash.HasAes, "no AES instructions");

        // Appendix B: the start of round 1, its round key, the start of round 2.
        Assert.Equal(
            Block("a49c7ff2689f352b6b5bea43026a5049"),
            AddressHash.Round(Block("193de3bea0f4e22b9ac68d2ae9f84808"), Block("a0fafe1788542cb123a339392a6c7605")));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Compute_AddressesThatDifferByOneBit_DifferInHalfTheBits(bool useAes)
    {
        AddressHash hash = new(new byte[16], useAes);
        UInt128 address = new(0x20010db800000000, 7);
        double average = Enumerable.Range(0, 128)
            .Average(bit => BitOperations.PopCount(hash.KeyOf(address).Hash ^ hash.KeyOf(address ^ (UInt128.One << bit)).Hash));
        Assert.InRange(average, 30, 34);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Compute_AddressesThatCollideWithoutASecret_FallAsRandomOnesDo(bool useAes)
    {
        // All of them have the same exclusive or of their 32-bit words. n balls into as many bins leave 1/e of the bins empty.
        const int Addresses = 1 << 17;
        AddressHash hash = new("any secret is ok"u8, useAes);
        int taken = Enumerable.Range(0, Addresses)
            .Select(i => hash.KeyOf(new UInt128(0x20010db800000000, ((ulong)i << 32) | (uint)i)).Hash % Addresses)
            .Distinct().Count();
        Assert.InRange(taken / (double)Addresses, 0.627, 0.637);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void AddressOf_Key_IsTheAddress(bool useAes)
    {
        UInt128 address = new(0x20010db800000000, 7);
        AddressHash hash = new(new byte[16], useAes);
        Assert.Equal(address, hash.AddressOf(hash.KeyOf(address)));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void KeyOf_AnotherSecret_IsAnotherKeyAndHash(bool useAes)
    {
        UInt128 address = new(0x20010db800000000, 7);
        SlotKey[] keys = [.. Enumerable.Range(0, 8).Select(i => new AddressHash([.. Enumerable.Repeat((byte)i, 16)], useAes).KeyOf(address))];
        Assert.Equal(keys.Length, keys.Select(key => key.Low).Distinct().Count());
        Assert.Equal(keys.Length, keys.Select(key => key.High).Distinct().Count());
        Assert.Equal(keys.Length, keys.Select(key => key.Hash).Distinct().Count());
    }

    [Fact]
    public void Create_SecretOfAnotherSize_IsAnError() => Assert.Throws<ArgumentOutOfRangeException>(() => new AddressHash(new byte[15]));

    private static Vector128<byte> Block(string hex) => Vector128.Create(Convert.FromHexString(hex));
}
