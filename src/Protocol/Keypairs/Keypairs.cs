using System.Runtime.CompilerServices;

namespace WgNet.Protocol;

/// <summary>
/// A session's keypairs (section 6.1 and the kernel's noise_keypairs). Readers of <see cref="Current"/> take no lock.
/// </summary>
//
//  initiator:  current ← new, previous ← old current (or the unconfirmed next, which is newer)
//  responder:  next ← new; it becomes current when the first packet sealed with it arrives, since only then is it
//              certain that the initiator has received the response
internal sealed class Keypairs(IndexTable indices)
{
    private readonly Lock _rotation = new();
    private Keypair? _current;
    private Keypair? _previous;
    private Keypair? _next;

    public Keypair? Current => Volatile.Read(ref _current);

    /// <summary>Adds the keypair of a handshake that has just ended.</summary>
    public void Add(Keypair keypair)
    {
        lock (_rotation)
        {
            if (keypair.IsInitiator)
            {
                Retire(_previous);
                if (_next is not null)
                {
                    Retire(_current);
                    _previous = _next;
                    _next = null;
                }
                else
                {
                    _previous = _current;
                }

                Volatile.Write(ref _current, keypair);
            }
            else
            {
                Retire(_next);
                Retire(_previous);
                _previous = null;
                Volatile.Write(ref _next, keypair);
            }
        }
    }

    /// <summary>An authentic packet came with this keypair. True if that confirmed it: it is the current one now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryConfirm(Keypair received) => received == Volatile.Read(ref _next) && Confirm(received);

    private bool Confirm(Keypair received)
    {
        lock (_rotation)
        {
            if (received != _next)
            {
                return false;
            }

            Retire(_previous);
            _previous = _current;
            Volatile.Write(ref _current, received);
            _next = null;
            return true;
        }
    }

    /// <summary>A key that they were derived from has changed: nothing more is sent with any of them.</summary>
    public void ExpireSending()
    {
        lock (_rotation)
        {
            _current?.ExpireSending();
            _next?.ExpireSending();
        }
    }

    public void Clear()
    {
        lock (_rotation)
        {
            Retire(_previous);
            Retire(_current);
            Retire(_next);
            _previous = _next = null;
            Volatile.Write(ref _current, null);
        }
    }

    private void Retire(Keypair? keypair)
    {
        if (keypair is not null)
        {
            indices.Remove(keypair.Entry);
            keypair.Wipe();
        }
    }
}
