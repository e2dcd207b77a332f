using System.Runtime.CompilerServices;
using WgNet.Linux;

namespace WgNet.Udp;

/// <summary>
/// The receiving half: a socket that had data is asked again before the thread sleeps, both families in turn; or, with a descriptor
/// to wait for beside them, everyone is looked at after each receive. One thread at a time but for <see cref="Wake"/>.
/// </summary>
internal sealed class Receiver : IDisposable
{
    // A family under load must not starve the other: after so many receives in a row everyone is asked once.
    private const int ReceivesUnasked = 32;

    // An error that is not one datagram's would otherwise make the loop spin.
    private const int ErrorsUnpaused = 16;
    private static readonly TimeSpan ErrorPause = TimeSpan.FromMilliseconds(1);

    private readonly OutsideSocket[] _sockets;
    private readonly bool[] _mayHaveData;

    // The sockets, what wakes, and what is waited for beside them.
    private readonly PollFd[] _poll;
    private readonly EventFd _wake = new();
    private volatile bool _woken;
    private int _turn;
    private int _receives;
    private int _errors;
    private long _truncated;
    private long _empty;

    public Receiver(SocketPair sockets)
    {
        _sockets = [.. new[] { sockets.IPv4, sockets.IPv6 }.OfType<OutsideSocket>()];
        _mayHaveData = new bool[_sockets.Length];
        _poll = [.. _sockets.Select(socket => new PollFd(socket.Datagrams.Fd, PollFd.POLLIN)), new PollFd(_wake.Fd, PollFd.POLLIN), new PollFd(-1, PollFd.POLLIN)];
    }

    /// <summary>Messages dropped because they, or what came beside them, did not fit.</summary>
    public long Truncated => Volatile.Read(ref _truncated);

    /// <summary>Datagrams without a byte, dropped.</summary>
    public long Empty => Volatile.Read(ref _empty);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Receive(ReceiveBatch batch, int beside)
    {
        for (; ; )
        {
            if (_woken)
            {
                batch.Clear();
                _woken = false;
                _wake.Drain();
                return 0;
            }

            int socket = NextWithData();
            if (socket < 0)
            {
                if (WaitForData(beside))
                {
                    return IUdpSockets.BesideIsReady;
                }
            }
            else
            {
                bool hasReceived = TryReceive(socket, batch);
                _mayHaveData[socket] &= beside < 0;
                if (hasReceived)
                {
                    return batch.Count;
                }
            }
        }
    }

    public void Wake()
    {
        // In this order: who sees the flag takes the signal back. One that came later would stay, and poll would never sleep again.
        _wake.Signal();
        _woken = true;
    }

    public void Dispose() => _wake.Dispose();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int NextWithData()
    {
        if (++_receives >= ReceivesUnasked)
        {
            _receives = 0;
            Array.Fill(_mayHaveData, true);
        }

        for (int i = 0; i < _sockets.Length; i++)
        {
            _turn = (_turn + 1) % _sockets.Length;
            if (_mayHaveData[_turn])
            {
                return _turn;
            }
        }

        return -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool WaitForData(int beside)
    {
        _poll[^1].Fd = beside;
        Poll.Wait(_poll);
        for (int i = 0; i < _sockets.Length; i++)
        {
            _mayHaveData[i] = _poll[i].Returned != 0;
        }

        return _poll[^1].Returned != 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryReceive(int socket, ReceiveBatch batch)
    {
        batch.Prepare();
        int received = _sockets[socket].Datagrams.Receive(batch.Vector, batch.Capacity);
        if (received < 0)
        {
            TakeError(socket, -received);
            return false;
        }

        _errors = 0;
        batch.SetUsed(received);
        for (int i = 0; i < received; i++)
        {
            Take(batch, i);
        }

        return batch.Count > 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Take(ReceiveBatch batch, int index)
    {
        int length = batch.Vector.Length(index);
        if (batch.Vector.IsTruncated(index))
        {
            _truncated++;
            return;
        }

        if (length == 0)
        {
            _empty++;
            return;
        }

        ReceivedControl control = ReceivedControl.Read(batch.Vector.Control(index));
        int segmentSize = control.SegmentSize > 0 && control.SegmentSize < length ? control.SegmentSize : length;
        batch.Commit(
            new ReceivedMessage(index * ReceiveBatch.MessageCapacity, length, segmentSize, control.Ecn),
            new Arrival(batch.Vector.Name(index), control.LocalAddress, control.Interface));
    }

    // Errors that the network reports to a socket (ECONNREFUSED and its like) are taken back by the call that returns them.
    private void TakeError(int socket, int errno)
    {
        if (errno == Errno.EAGAIN)
        {
            _mayHaveData[socket] = false;
            return;
        }

        ObjectDisposedException.ThrowIf(errno == Errno.EBADF, this);
        if (errno != Errno.EINTR && ++_errors >= ErrorsUnpaused)
        {
            _errors = 0;
            Thread.Sleep(ErrorPause);
        }
    }
}
