using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <summary>
/// A peer's handshake (sections 5.4.2 to 5.4.5; the kernel's noise_handshake). Everything is guarded by the table's
/// handshake lock. Each step works on local copies, commits after the last check and wipes in <c>finally</c>.
/// </summary>
internal sealed class Handshake(IPrimitives primitives, PublicKey remoteStatic) : IDisposable
{
    // static-static 32 | preshared key 32 | ephemeral private 32 | symmetric state 96
    private readonly SecretMemory _secrets = primitives.AllocateSecret(192);
    private HandshakeState _state;
    private IndexEntry? _entry;
    private uint _remoteIndex;
    private Key _remoteEphemeral;
    private readonly byte[] _latestTimestamp = new byte[Tai64n.Size];
    private long _lastInitiationConsumption = Durations.Never;

    /// <summary>The precomputed DH of both static keys; zero if there is none, and then no handshake succeeds.</summary>
    public Span<byte> StaticStatic => _secrets.Span[..32];

    /// <summary>Zero if none is configured.</summary>
    public Span<byte> PresharedKey => _secrets.Span.Slice(32, 32);

    private Span<byte> EphemeralPrivate => _secrets.Span.Slice(64, 32);

    private ref SymmetricState Symmetric => ref MemoryMarshal.AsRef<SymmetricState>(_secrets.Span[96..]);

    public bool TryCreateInitiation(StaticIdentity identity, long timestamp, IndexTable indices, Session session, HandshakeInitiation message)
    {
        Span<byte> remote = stackalloc byte[Key.Size];
        Span<byte> self = stackalloc byte[Key.Size];
        Span<byte> time = stackalloc byte[Tai64n.Size];
        remoteStatic.CopyTo(remote);
        identity.PublicKey.CopyTo(self);
        Tai64n.Write(timestamp, time);
        Key ephemeral = default;
        SymmetricState symmetric = SymmetricState.Initialize(remote);
        try
        {
            GenerateEphemeral(ref ephemeral, message.Ephemeral);
            symmetric.MixEphemeral(message.Ephemeral);                                      // e
            if (!symmetric.TryMixDh(primitives, ephemeral, remote))                         // es
            {
                return false;
            }

            symmetric.EncryptAndHash(self, message.EncryptedStatic);                        // s
            if (!symmetric.TryMixPrecomputed(StaticStatic))                                 // ss
            {
                return false;
            }

            symmetric.EncryptAndHash(time, message.EncryptedTimestamp);                     // {t}

            ReplaceEntry(indices, session);
            message.WriteHeader(_entry!.Index);
            Commit(HandshakeState.CreatedInitiation, symmetric);
            ((ReadOnlySpan<byte>)ephemeral).CopyTo(EphemeralPrivate);
            return true;
        }
        finally
        {
            ephemeral.Clear();
            symmetric.Clear();
        }
    }

    /// <summary>Whose initiation this is: its first tokens, which need no peer yet.</summary>
    /// <param name="symmetric">The state after them, for <see cref="ConsumeInitiation"/>; the caller wipes it.</param>
    public static bool TryReadInitiator(
        IPrimitives primitives, StaticIdentity identity, HandshakeInitiation message, ref SymmetricState symmetric, out PublicKey initiator)
    {
        Span<byte> self = stackalloc byte[Key.Size];
        Span<byte> initiatorStatic = stackalloc byte[Key.Size];
        identity.PublicKey.CopyTo(self);
        symmetric = SymmetricState.Initialize(self);
        symmetric.MixEphemeral(message.Ephemeral);                                          // e
        bool read = symmetric.TryMixDh(primitives, identity.PrivateKey, message.Ephemeral)  // es
            && symmetric.TryDecryptAndHash(message.EncryptedStatic, initiatorStatic);          // s
        initiator = read ? new PublicKey(initiatorStatic) : default;
        return read;
    }

    /// <summary>The rest of an initiation that <see cref="TryReadInitiator"/> found to be this peer's.</summary>
    public DropReason ConsumeInitiation(HandshakeInitiation message, ref SymmetricState symmetric, long now)
    {
        Span<byte> time = stackalloc byte[Tai64n.Size];
        if (!symmetric.TryMixPrecomputed(StaticStatic)                                      // ss
            || !symmetric.TryDecryptAndHash(message.EncryptedTimestamp, time))              // {t}
        {
            return DropReason.BadHandshake;
        }

        if (!Tai64n.IsAfter(time, _latestTimestamp))
        {
            return DropReason.ReplayedHandshake;
        }

        if (!Durations.HasExpired(_lastInitiationConsumption, Constants.InitiationInterval, now))
        {
            return DropReason.FloodedHandshake;
        }

        time.CopyTo(_latestTimestamp);
        _lastInitiationConsumption = now;
        message.Ephemeral.CopyTo(_remoteEphemeral);
        _remoteIndex = message.Sender;
        Commit(HandshakeState.ConsumedInitiation, symmetric);
        return DropReason.None;
    }

    public bool TryCreateResponse(IndexTable indices, Session session, HandshakeResponse message)
    {
        if (_state != HandshakeState.ConsumedInitiation)
        {
            return false;
        }

        Span<byte> remote = stackalloc byte[Key.Size];
        remoteStatic.CopyTo(remote);
        Key ephemeral = default;
        SymmetricState symmetric = Symmetric;
        try
        {
            GenerateEphemeral(ref ephemeral, message.Ephemeral);
            symmetric.MixEphemeral(message.Ephemeral);                                      // e
            if (!symmetric.TryMixDh(primitives, ephemeral, _remoteEphemeral)                // ee
                || !symmetric.TryMixDh(primitives, ephemeral, remote))                      // se
            {
                return false;
            }

            symmetric.MixPsk(PresharedKey);                                                 // psk
            symmetric.EncryptAndHash(default, message.EncryptedNothing);                    // {}

            ReplaceEntry(indices, session);
            message.WriteHeader(_entry!.Index, _remoteIndex);
            Commit(HandshakeState.CreatedResponse, symmetric);
            return true;
        }
        finally
        {
            ephemeral.Clear();
            symmetric.Clear();
        }
    }

    public bool TryConsumeResponse(StaticIdentity identity, HandshakeResponse message)
    {
        if (_state != HandshakeState.CreatedInitiation || message.Receiver != _entry?.Index)
        {
            return false;
        }

        SymmetricState symmetric = Symmetric;
        try
        {
            symmetric.MixEphemeral(message.Ephemeral);                                      // e
            if (!symmetric.TryMixDh(primitives, EphemeralPrivate, message.Ephemeral)        // ee
                || !symmetric.TryMixDh(primitives, identity.PrivateKey, message.Ephemeral)) // se
            {
                return false;
            }

            symmetric.MixPsk(PresharedKey);                                                 // psk
            if (!symmetric.TryDecryptAndHash(message.EncryptedNothing, default))            // {}
            {
                return false;
            }

            _remoteIndex = message.Sender;
            Commit(HandshakeState.ConsumedResponse, symmetric);
            return true;
        }
        finally
        {
            symmetric.Clear();
        }
    }

    /// <summary>
    /// Turns a finished handshake into a keypair, which takes over its index, and wipes the handshake.
    /// The caller publishes the keypair in <see cref="Keypair.Entry"/> once it can be found elsewhere.
    /// </summary>
    public Keypair? BeginSession(Durations durations, long now, long wallTime)
    {
        if (_state is not (HandshakeState.CreatedResponse or HandshakeState.ConsumedResponse))
        {
            return null;
        }

        bool isInitiator = _state == HandshakeState.ConsumedResponse;
        var keypair = new Keypair(primitives, durations, _entry!, _remoteIndex, isInitiator, now, wallTime);
        Symmetric.Split(
            isInitiator ? keypair.SendingKey : keypair.ReceivingKey,
            isInitiator ? keypair.ReceivingKey : keypair.SendingKey);
        _entry = null;
        Zero();
        return keypair;
    }

    /// <summary>Voids a handshake in flight: its index resolves no more, its secrets are wiped.</summary>
    public void Clear(IndexTable indices)
    {
        indices.Remove(_entry);
        _entry = null;
        Zero();
    }

    public void Dispose() => _secrets.Dispose();

    private void GenerateEphemeral(ref Key ephemeral, Span<byte> publicKey)
    {
        Span<byte> bytes = ephemeral;
        primitives.RandomBytes(bytes);
        StaticIdentity.Clamp(bytes);
        primitives.X25519Base(bytes, publicKey);
    }

    private void ReplaceEntry(IndexTable indices, Session session)
    {
        indices.Remove(_entry);
        _entry = indices.Insert(session);
    }

    private void Commit(HandshakeState state, in SymmetricState symmetric)
    {
        _state = state;
        Symmetric = symmetric;
    }

    private void Zero()
    {
        _state = HandshakeState.Zeroed;
        _remoteIndex = 0;
        _remoteEphemeral.Clear();
        CryptographicOperations.ZeroMemory(_secrets.Span[64..]);
    }
}

/// <summary>How far a handshake has come.</summary>
internal enum HandshakeState
{
    Zeroed,
    CreatedInitiation,
    ConsumedInitiation,
    CreatedResponse,
    ConsumedResponse,
}
