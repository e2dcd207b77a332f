using System.Runtime.InteropServices;
using WgNet.Linux;

namespace WgNet.Tun;

/// <summary>
/// Follows what happens to the interface (rtnetlink(7)): up and down, MTU, name, addresses, deletion. A netlink socket hears only its
/// own network namespace; so when the interface leaves it while the TUN descriptor still has one, the monitor opens a socket over there.
/// The thread sleeps until the kernel says something. Dispose it before the <see cref="TunDevice"/>.
/// </summary>
public sealed class LinkMonitor : IDisposable
{
    // The interface can move on while it is being looked for; more often than this in a row it is something else that is wrong.
    private const int MaximumAttempts = 10;

    private readonly TunDevice _tun;
    private readonly EventFd _stop = new();
    private readonly TaskCompletionSource _started = new();
    private readonly Thread _thread;
    private readonly byte[] _buffer = new byte[NetlinkSocket.ReceiveSize];
    private volatile LinkState _current = new(Up: false, 0, []);
    private volatile bool _isStopping;

    // The thread's own.
    private NetlinkSocket? _socket;
    private LinkTable _table = new("");
    private uint _sequence;

    public LinkMonitor(TunDevice tun)
    {
        _tun = tun;
        _thread = new Thread(Run) { Name = "link monitor", IsBackground = true };
    }

    /// <summary>Raised on the monitor's thread: at the start and after every change.</summary>
    public event Action<LinkState>? Changed;

    /// <summary>Raised once, on the monitor's thread, when the interface exists in no namespace any more.</summary>
    public event Action? Deleted;

    /// <summary>
    /// Raised at most once, on the monitor's thread: the interface went where the process may not follow (setns(2) wants CAP_SYS_ADMIN).
    /// It may go on working, so that <see cref="Current"/> stays as it was, but up; deletion then shows only in reading from it.
    /// </summary>
    public event Action<LinuxException>? Lost;

    /// <summary>The last known state; known for the first time when <see cref="Start"/> returns.</summary>
    public LinkState Current => _current;

    /// <summary>Begins, and waits for the first state. Throws what the thread could not do then.</summary>
    public void Start()
    {
        _thread.Start();
        _started.Task.GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        _isStopping = true;
        _stop.Signal();
        if (_thread.IsAlive && Thread.CurrentThread != _thread)
        {
            _thread.Join();
        }

        _socket?.Dispose();
        _stop.Dispose();
    }

    private void Run()
    {
        try
        {
            bool isThere = TryFindInterface();
            Publish(_table.State);
            _started.TrySetResult();
            while (isThere && !_isStopping)
            {
                isThere = Listen();
            }

            if (!isThere)
            {
                _tun.Wake();
                Deleted?.Invoke();
            }
        }
        catch (LinuxException exception) when (!_started.TrySetException(exception))
        {
            Publish(_current with { Up = true });
            Lost?.Invoke(exception);
        }
        catch (LinuxException)
        {
            // Start throws it.
        }
    }

    // Sleeps for one message and applies all that are there. False when the interface is deleted.
    private bool Listen()
    {
        Span<PollFd> waiting = [new PollFd(_socket!.Fd, PollFd.POLLIN), new PollFd(_stop.Fd, PollFd.POLLIN)];
        Poll.Wait(waiting);
        if (_isStopping)
        {
            return true;
        }

        bool isComplete = Receive(wait: false, out _);
        if ((!isComplete || _table.IsGone) && !TryFindInterface())
        {
            return false;
        }

        Publish(_table.State);
        return true;
    }

    // Asks for everything anew, in the namespace where the interface is now. False when it is deleted.
    private bool TryFindInterface()
    {
        for (int attempt = 0; attempt < MaximumAttempts; attempt++)
        {
            // Both ioctls wait for a move or a deletion in progress to end, since the kernel does these under the same lock.
            if (TunFile.TryGetInterface(_tun.Descriptor, out string name, out _) == Errno.EBADFD)
            {
                return false;
            }

            _socket?.Dispose();
            _socket = OpenWhereTheInterfaceIs();
            _table = new LinkTable(name);

            // Links first: addresses are told apart by the index that these give.
            if (TryDump(Rtnetlink.RTM_GETLINK) && _table.Index != 0 && TryDump(Rtnetlink.RTM_GETADDR) && !_table.IsGone)
            {
                return true;
            }
        }

        throw new LinuxException("RTM_GETLINK", _tun.Name, Errno.ENODEV);
    }

    // A socket hears the namespace in which it was opened. The thread itself comes home again: who hears of a change on it opens
    // outside sockets, and those belong where the process was started.
    private NetlinkSocket OpenWhereTheInterfaceIs()
    {
        int fd = TunFile.GetNetworkNamespace(_tun.Descriptor);
        if (fd < 0)
        {
            // A kernel without TUNGETDEVNETNS, or no right to ask: the present namespace may be the right one.
            return Open();
        }

        try
        {
            return NetworkNamespace.IsCurrent(fd) ? Open() : NetworkNamespace.Run(fd, Open);
        }
        finally
        {
            FileDescriptor.Close(fd);
        }

        static NetlinkSocket Open() =>
            NetlinkSocket.Open(Rtnetlink.RTMGRP_LINK | Rtnetlink.RTMGRP_IPV4_IFADDR | Rtnetlink.RTMGRP_IPV6_IFADDR);
    }

    private bool TryDump(ushort type)
    {
        Span<byte> request = stackalloc byte[NetlinkHeader.Size + InterfaceInfoMessage.Size];
        request.Clear();
        var header = new NetlinkHeader
        {
            Length = (uint)request.Length,
            Type = type,
            Flags = Rtnetlink.NLM_F_REQUEST | Rtnetlink.NLM_F_DUMP,
            Sequence = ++_sequence,
        };
        MemoryMarshal.Write(request, in header);
        _socket!.Send(request);
        for (; ; )
        {
            if (!Receive(wait: true, out bool isDone))
            {
                return false;
            }

            if (isDone)
            {
                return true;
            }
        }
    }

    // One datagram. False: something was lost or changed meanwhile, and all has to be asked anew.
    private bool Receive(bool wait, out bool isDone)
    {
        isDone = false;
        int length = _socket!.Receive(_buffer, wait);
        if (length < 0)
        {
            return false;
        }

        var messages = new NetlinkMessages(_buffer.AsSpan(0, length));
        while (messages.MoveNext())
        {
            if ((messages.Header.Flags & Rtnetlink.NLM_F_DUMP_INTR) != 0 || messages.Error > 0)
            {
                return false;
            }

            isDone |= messages.Header.Type == Rtnetlink.NLMSG_DONE;
            _table.Apply(messages);
        }

        return true;
    }

    private void Publish(LinkState state)
    {
        if (state.Equals(_current) && _started.Task.IsCompleted)
        {
            return;
        }

        _current = state;
        Changed?.Invoke(state);
    }
}
