using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using ArmAes = System.Runtime.Intrinsics.Arm.Aes;
using X86Aes = System.Runtime.Intrinsics.X86.Aes;

namespace WgNet.Learning;

/// <summary>
/// Where an address belongs in the table, by a secret: peers choose their addresses, and without one they could choose addresses
/// that all meet in one place. The address is masked, then goes through four rounds of AES with secret round keys: for no
/// difference between two addresses does any difference of their outcomes come with a probability above 2^-113, over all keys
/// (Keliher, Sui 2007). Without AES instructions it is SipHash-1-3, three times as dear.
/// </summary>
internal readonly struct AddressHash
{
    private readonly Vector128<ulong> _mask;
    private readonly Vector128<byte> _key1;
    private readonly Vector128<byte> _key2;
    private readonly Vector128<byte> _key3;
    private readonly Vector128<byte> _key4;
    private readonly SipHash _sipHash;
    private readonly bool _isAes;

    /// <param name="secret">16 random bytes; all else is derived from them.</param>
    public AddressHash(ReadOnlySpan<byte> secret)
        : this(secret, HasAes)
    {
    }

    /// <param name="useAes">Only where the processor has it.</param>
    internal AddressHash(ReadOnlySpan<byte> secret, bool useAes)
    {
        _sipHash = new SipHash(secret);
        _isAes = useAes && HasAes;
        _mask = RoundKey(_sipHash, 0).AsUInt64();
        _key1 = RoundKey(_sipHash, 1);
        _key2 = RoundKey(_sipHash, 2);
        _key3 = RoundKey(_sipHash, 3);
        _key4 = RoundKey(_sipHash, 4);
    }

    internal static bool HasAes => X86Aes.IsSupported || ArmAes.IsSupported;

    /// <summary>Whether it is AES, and not SipHash.</summary>
    public bool IsAes => HasAes && _isAes;

    /// <summary>The key under which the table keeps the address.</summary>
    public SlotKey KeyOf(UInt128 address)
    {
        Vector128<ulong> words = Masked(address);
        return new SlotKey(words, Compute(words));
    }

    /// <summary>The same, where it <see cref="IsAes"/>: without a call, for the packet path.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SlotKey KeyByAesOf(UInt128 address)
    {
        Vector128<ulong> words = Masked(address);
        return new SlotKey(words, ComputeAes(words));
    }

    /// <summary>The keys of as many addresses.</summary>
    public void KeysOf(ReadOnlySpan<UInt128> addresses, Span<SlotKey> keys)
    {
        for (int i = 0; i < addresses.Length; i++)
        {
            keys[i] = IsAes ? KeyByAesOf(addresses[i]) : KeyOf(addresses[i]);
        }
    }

    /// <summary>The address that has the key.</summary>
    public UInt128 AddressOf(in SlotKey key)
    {
        Vector128<ulong> words = key.Words ^ _mask;
        return new UInt128(words.GetElement(1), words.GetElement(0));
    }

    /// <summary>The hash of an address that is masked already.</summary>
    public ulong Compute(Vector128<ulong> words) =>
        IsAes ? ComputeAes(words) : _sipHash.Compute(words.GetElement(0), words.GetElement(1));

    /// <summary>One round of AES (FIPS 197 section 5.1): SubBytes, ShiftRows, MixColumns, AddRoundKey.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Round(Vector128<byte> state, Vector128<byte> key)
    {
        if (X86Aes.IsSupported)
        {
            return X86Aes.Encrypt(state, key);
        }

        // Arm's instruction adds a key before, not after.
        return ArmAes.IsSupported
            ? ArmAes.MixColumns(ArmAes.Encrypt(state, Vector128<byte>.Zero)) ^ key
            : throw new PlatformNotSupportedException();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector128<ulong> Masked(UInt128 address) => Vector128.Create((ulong)address, (ulong)(address >> 64)) ^ _mask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong ComputeAes(Vector128<ulong> words) =>
        Round(Round(Round(Round(words.AsByte(), _key1), _key2), _key3), _key4).AsUInt64().ToScalar();

    private static Vector128<byte> RoundKey(SipHash derive, ulong number) =>
        Vector128.Create(derive.Compute(0, number), derive.Compute(1, number)).AsByte();
}
