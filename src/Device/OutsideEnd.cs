using WgNet.Udp;

namespace WgNet.Device;

/// <summary>
/// The outside sockets while the interface is up, and the workers that receive from them: opened, replaced and closed together,
/// under the device's configuration lock. Sending is for any thread, and finds the sockets of the moment.
/// </summary>
/// <param name="open">Opens sockets on a port (0: any) with a firewall mark.</param>
/// <param name="receive">Starts the workers that receive from the sockets.</param>
/// <param name="sourceLost">A sticky source was refused; called on the thread that sent.</param>
/// <param name="ended">Called when the workers have ended.</param>
internal sealed class OutsideEnd(
    Func<ushort, uint, IUdpSockets> open,
    Func<IUdpSockets, WorkerGroup> receive,
    Action<Endpoint> sourceLost,
    Action ended)
{
    private volatile IUdpSockets? _sockets;
    private WorkerGroup? _workers;

    /// <summary>As <see cref="WorkerGroup.BusyTimes"/>; none while nothing is open.</summary>
    public IEnumerable<long> BusyTimes => IsOpen ? _workers!.BusyTimes : [];

    public bool IsOpen => _sockets is not null;

    /// <summary>The port that is bound; 0 while none is.</summary>
    public ushort Port => _sockets?.Port ?? 0;

    /// <summary>
    /// Opens, in place of what was open. The new sockets are bound before the old ones close, so that a port in use changes nothing
    /// (and is thrown, a <see cref="Linux.LinuxException"/>), and there is no moment at which nothing can be sent.
    /// </summary>
    public void Open(ushort port, uint mark)
    {
        IUdpSockets sockets = open(port, mark);
        sockets.SourceLost += sourceLost;
        Replace(sockets);
        _workers = receive(sockets);
    }

    public void Close() => Replace(null);

    /// <summary>Starts the workers anew, when there are to be more or fewer of them.</summary>
    /// <param name="meanwhile">What is done while there are none.</param>
    public void RestartWorkers(Action meanwhile)
    {
        IUdpSockets? sockets = _sockets;
        if (sockets is not null)
        {
            StopWorkers();
        }

        meanwhile();
        if (sockets is not null)
        {
            _workers = receive(sockets);
        }
    }

    public void SetMark(uint mark) => _sockets?.SetMark(mark);

    /// <summary>Hands a batch to the kernel and clears it. Returns how many datagrams did not leave.</summary>
    public int Send(SendBatch batch)
    {
        if (_sockets is { } sockets)
        {
            return sockets.Send(batch);
        }

        int refused = batch.Datagrams;
        batch.Clear();
        return refused;
    }

    /// <summary>Sends one datagram; false if it could not leave.</summary>
    public bool Send(Endpoint to, ReadOnlySpan<byte> datagram, byte ecn) => _sockets?.Send(to, datagram, ecn) == 0;

    // The old workers have ended when this returns, and the sockets that they received from are closed.
    private void Replace(IUdpSockets? sockets)
    {
        IUdpSockets? before = _sockets;
        _sockets = sockets;
        if (before is not null)
        {
            StopWorkers();
            before.Dispose();
        }
    }

    private void StopWorkers()
    {
        _workers!.Stop();
        ended();
    }
}
