using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace WgNet.Protocol;

/// <summary>
/// The transport keys of one handshake (sections 5.4.5 and 5.4.6): seals with one, opens with the other.
/// Any number of threads may reserve and seal; opening is safe from several threads as well.
/// </summary>
/// <remarks>
/// A superseded keypair is wiped at once although packet threads may be using it, without a lock or a count per packet:
/// a user copies the 32 bytes, once a packet or once a batch, and then looks at <see cref="_wiped"/>, which the wiper sets
/// before it touches the key.
/// Seen unset after the copy, the copy is whole; seen set, it is thrown away. So nothing is ever sealed or opened with a
/// half-wiped or zero key, nor with whatever its memory is used for next; that it stays readable is what
/// <see cref="IPrimitives.AllocateSecret"/> has to provide.
/// </remarks>
public sealed class Keypair
{
    public const int HeaderSize = 16;
    public const int TagSize = Aead.TagSize;
    public const int Overhead = HeaderSize + TagSize;

    private readonly Durations _durations;
    private readonly SecretMemory _keys;    // sending 32 | receiving 32
    private ReplayWindow _window;   // guarded by _windowTaken
    private int _windowTaken;
    private ulong _sendingCounter;
    private volatile bool _sendingInvalid;
    private volatile bool _wiped;

    internal Keypair(IPrimitives primitives, Durations durations, IndexEntry entry, uint remoteIndex, bool isInitiator, long birthdate, long wallTime)
    {
        _durations = durations;
        _keys = primitives.AllocateSecret(2 * Key.Size);
        Entry = entry;
        RemoteIndex = remoteIndex;
        IsInitiator = isInitiator;
        Birthdate = birthdate;
        WallTimeOffset = wallTime - birthdate;
    }

    public Session Session => Entry.Session;

    /// <summary>The peer puts this index into what it sends to us.</summary>
    public uint LocalIndex => Entry.Index;

    public uint RemoteIndex { get; }

    internal IndexEntry Entry { get; }

    internal bool IsInitiator { get; }

    internal long Birthdate { get; }

    /// <summary>Turns a moment of the monotonic clock into one of the wall clock as it stood at the handshake.</summary>
    internal long WallTimeOffset { get; }

    internal Span<byte> SendingKey => _keys.Span[..Key.Size];

    internal Span<byte> ReceivingKey => _keys.Span[Key.Size..];

    internal ulong SendingCounter
    {
        get => Volatile.Read(ref _sendingCounter);
        set => Volatile.Write(ref _sendingCounter, value);
    }

    /// <summary>Takes the counters <paramref name="firstCounter"/> and the <paramref name="count"/> − 1 after it. False when that would pass the limit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReserve(int count, out ulong firstCounter)
    {
        ulong seen = Volatile.Read(ref _sendingCounter);
        while (true)
        {
            firstCounter = seen;
            // Compare before adding: a counter that only ever grew would wrap in the end, and repeat nonces.
            if (_sendingInvalid || seen > Constants.RejectAfterMessages - (uint)count)
            {
                return false;
            }

            ulong was = Interlocked.CompareExchange(ref _sendingCounter, seen + (uint)count, seen);
            if (was == seen)
            {
                return true;
            }

            seen = was;
        }
    }

    /// <summary>
    /// Seals in place: the plaintext, already padded, lies between room for the header and room for the tag.
    /// False, with all of <paramref name="datagram"/> zeroed so that no plaintext can leave by mistake, if the keys have been wiped.
    /// </summary>
    /// <param name="counter">From <see cref="TryReserve"/>, used once.</param>
    public bool Seal(ulong counter, Span<byte> datagram)
    {
        Key key = default;
        if (counter >= Constants.RejectAfterMessages || !TryCopyKey(SendingKey, ref key))
        {
            datagram.Clear();
            return false;
        }

        TransportMessage.WriteHeader(datagram, RemoteIndex, counter);
        Aead.Seal(key, counter, default, datagram[HeaderSize..]);
        key.Clear();
        return true;
    }

    /// <summary>
    /// <see cref="Seal"/> for a batch: each packet's place is that of its plaintext, with room for the header before and for
    /// the tag behind it. False, with every datagram zeroed, if the keys have been wiped.
    /// </summary>
    /// <param name="memory">Where the datagrams lie.</param>
    /// <param name="packets">Their counters are from <see cref="TryReserve"/>, each used once.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool SealBatch(Span<byte> memory, ReadOnlySpan<AeadPacket> packets)
    {
        Key key = default;
        if (!AreCountersValid(packets) || !TryCopyKey(SendingKey, ref key))
        {
            foreach (ref readonly AeadPacket packet in packets)
            {
                Datagram(memory, packet).Clear();
            }

            return false;
        }

        foreach (ref readonly AeadPacket packet in packets)
        {
            TransportMessage.WriteHeader(Datagram(memory, packet), RemoteIndex, packet.Counter);
        }

        Aead.Seal(key, memory, packets);
        key.Clear();
        return true;
    }

    /// <summary>
    /// Opens in place: the plaintext, padding included, then lies behind the header.
    /// The order is the protocol: the window moves only after the tag is verified.
    /// </summary>
    /// <param name="datagram">A whole data message, at least <see cref="Overhead"/> long.</param>
    public DropReason TryOpen(Span<byte> datagram, long now, out int plaintextLength)
    {
        plaintextLength = 0;
        if (datagram.Length < Overhead)
        {
            return DropReason.Malformed;
        }

        ulong counter = TransportMessage.ReadCounter(datagram);
        Key key = default;
        if (counter >= Constants.RejectAfterMessages || IsExpired(now) || !TryCopyKey(ReceivingKey, ref key))
        {
            return DropReason.KeyExpired;
        }

        bool authentic = Aead.TryOpen(key, counter, default, datagram[HeaderSize..]);
        key.Clear();
        if (!authentic)
        {
            return DropReason.BadTag;
        }

        TakeWindow();
        bool accepted = _window.TryAccept(counter);
        ReleaseWindow();
        if (!accepted)
        {
            return DropReason.Replayed;
        }

        plaintextLength = datagram.Length - Overhead;
        return DropReason.None;
    }

    /// <summary>
    /// <see cref="TryOpen"/> for a batch of data messages that came for this keypair: each packet's place is that of its
    /// ciphertext, behind the header. Where its reason is none, the plaintext then lies there. The window moves in the batch's order.
    /// </summary>
    /// <param name="memory">Where the datagrams lie.</param>
    /// <param name="packets">Offsets and lengths; the counters are read from the headers here.</param>
    /// <param name="reasons">One for each packet.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void OpenBatch(Span<byte> memory, Span<AeadPacket> packets, long now, Span<DropReason> reasons)
    {
        reasons = reasons[..packets.Length];
        Key key = default;
        if (IsExpired(now) || !TryCopyKey(ReceivingKey, ref key))
        {
            reasons.Fill(DropReason.KeyExpired);
            return;
        }

        foreach (ref AeadPacket packet in packets)
        {
            packet.Counter = TransportMessage.ReadCounter(Datagram(memory, packet));
        }

        Aead.Open(key, memory, packets);
        key.Clear();

        TakeWindow();
        for (int i = 0; i < packets.Length; i++)
        {
            ulong counter = packets[i].Counter;
            reasons[i] = counter >= Constants.RejectAfterMessages ? DropReason.KeyExpired
                : !packets[i].Authentic ? DropReason.BadTag
                : !_window.TryAccept(counter) ? DropReason.Replayed
                : DropReason.None;
        }

        ReleaseWindow();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool IsExpired(long now) => Durations.HasExpired(Birthdate, _durations.RejectAfter, now);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool CanSend(long now) => !_sendingInvalid && !IsExpired(now) && SendingCounter < Constants.RejectAfterMessages;

    /// <summary>Old enough, or used enough, that its sender should ask for new keys. Only the initiator counts the time, lest both ask at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool WantsRekey(long now) =>
        SendingCounter > Constants.RekeyAfterMessages
        || (IsInitiator && Durations.HasExpired(Birthdate, _durations.RekeyAfter, now));

    /// <summary>Nothing more is sent with it; what the peer still sends is opened until it expires.</summary>
    internal void ExpireSending() => _sendingInvalid = true;

    internal void Wipe()
    {
        _sendingInvalid = true;
        if (_wiped)
        {
            return;
        }

        _wiped = true;
        Interlocked.MemoryBarrier();
        _keys.Dispose();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryCopyKey(ReadOnlySpan<byte> from, ref Key key)
    {
        from.CopyTo(MemoryMarshal.AsBytes(new Span<Key>(ref key)));
        Volatile.ReadBarrier();
        if (!_wiped)
        {
            return true;
        }

        key.Clear();
        return false;
    }

    private static Span<byte> Datagram(Span<byte> memory, in AeadPacket packet) =>
        memory.Slice(packet.Offset - HeaderSize, packet.Length + Overhead);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AreCountersValid(ReadOnlySpan<AeadPacket> packets)
    {
        foreach (ref readonly AeadPacket packet in packets)
        {
            if (packet.Counter >= Constants.RejectAfterMessages)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The window is one writer's; two threads meet here only when a peer's packets come through two sockets. Held for a few instructions a packet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void TakeWindow()
    {
        var spin = default(SpinWait);
        while (Interlocked.CompareExchange(ref _windowTaken, 1, 0) != 0)
        {
            spin.SpinOnce();
        }
    }

    private void ReleaseWindow() => Volatile.Write(ref _windowTaken, 0);
}
