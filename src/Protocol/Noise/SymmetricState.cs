using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <summary>
/// Noise's SymmetricState for IKpsk2 (sections 5.4.2 and 5.4.3): chaining key, transcript hash, and the key of the next
/// encryption. A value: a step works on a copy and stores it back only after every check. Copies are wiped with <see cref="Clear"/>.
/// </summary>
internal struct SymmetricState
{
    // A static public key and its tag.
    private const int MaxCiphertextSize = 48;

    private static readonly Key InitialChainingKey = Hash(Constants.Construction, default);
    private static readonly Key InitialHash = Hash(InitialChainingKey, Constants.Identifier);

    private Key _chainingKey;
    private Key _hash;
    private Key _key;

    /// <summary>The state that both sides begin with: the responder's static key is known to both.</summary>
    public static SymmetricState Initialize(ReadOnlySpan<byte> responderStatic)
    {
        var state = new SymmetricState { _chainingKey = InitialChainingKey, _hash = InitialHash };
        state.MixHash(responderStatic);
        return state;
    }

    /// <summary>e: mixed into the chaining key too, as the psk modes of Noise require.</summary>
    public void MixEphemeral(ReadOnlySpan<byte> ephemeral)
    {
        MixHash(ephemeral);
        Kdf.Derive1(_chainingKey, ephemeral, _chainingKey);
    }

    /// <summary>ee, es, se: false if the public key is of low order.</summary>
    public bool TryMixDh(IPrimitives primitives, ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey)
    {
        Key shared = default;
        try
        {
            if (!primitives.TryX25519(privateKey, publicKey, shared))
            {
                return false;
            }

            Kdf.Derive2(_chainingKey, shared, _chainingKey, _key);
            return true;
        }
        finally
        {
            shared.Clear();
        }
    }

    /// <summary>ss, computed when the keys were configured; false if it is zero, which stands for "there is none".</summary>
    public bool TryMixPrecomputed(ReadOnlySpan<byte> shared)
    {
        Key zero = default;
        if (CryptographicOperations.FixedTimeEquals(shared, zero))
        {
            return false;
        }

        Kdf.Derive2(_chainingKey, shared, _chainingKey, _key);
        return true;
    }

    /// <summary>psk: all zero when none is configured.</summary>
    public void MixPsk(ReadOnlySpan<byte> presharedKey)
    {
        Key temporary = default;
        Kdf.Derive3(_chainingKey, presharedKey, _chainingKey, temporary, _key);
        MixHash(temporary);
        temporary.Clear();
    }

    public void EncryptAndHash(ReadOnlySpan<byte> plaintext, Span<byte> ciphertext)
    {
        plaintext.CopyTo(ciphertext);
        Aead.Seal(_key, 0, _hash, ciphertext);
        MixHash(ciphertext);
    }

    /// <param name="ciphertext">At most <see cref="MaxCiphertextSize"/> bytes; stays as it is.</param>
    public bool TryDecryptAndHash(ReadOnlySpan<byte> ciphertext, Span<byte> plaintext)
    {
        Span<byte> opened = stackalloc byte[MaxCiphertextSize];
        opened = opened[..ciphertext.Length];
        ciphertext.CopyTo(opened);
        if (!Aead.TryOpen(_key, 0, _hash, opened))
        {
            return false;
        }

        opened[..plaintext.Length].CopyTo(plaintext);
        CryptographicOperations.ZeroMemory(opened);
        MixHash(ciphertext);
        return true;
    }

    /// <summary>The two transport keys (section 5.4.5): the initiator sends with the first and receives with the second.</summary>
    public readonly void Split(Span<byte> first, Span<byte> second) => Kdf.Derive2(_chainingKey, default, first, second);

    public void Clear() => CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(new Span<SymmetricState>(ref this)));

    private static Key Hash(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        Key hash = default;
        Blake2s.Hash(first, second, hash);
        return hash;
    }

    private void MixHash(ReadOnlySpan<byte> data) => Blake2s.Hash(_hash, data, _hash);
}
