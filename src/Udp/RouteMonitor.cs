using WgNet.Linux;

namespace WgNet.Udp;

/// <summary>
/// Watches routes, rules, addresses and links of the network namespace that it was opened in, on a thread of its own that sleeps
/// until something changes. A sticky source outlives its route otherwise: the kernel goes on sending from an address
/// whose way back is gone.
/// </summary>
public sealed class RouteMonitor : IDisposable
{
    // RTMGRP_LINK: when a link goes down, IPv4 routes leave without a message of their own.
    private const uint Groups = Rtnetlink.RTMGRP_LINK | Rtnetlink.RTMGRP_IPV4_IFADDR | Rtnetlink.RTMGRP_IPV6_IFADDR
        | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE | RTMGRP_IPV6_RULE;

    private const uint RTMGRP_IPV4_ROUTE = 0x40, RTMGRP_IPV4_RULE = 0x80, RTMGRP_IPV6_ROUTE = 0x400, RTMGRP_IPV6_RULE = 1 << 18;

    // Changes come in flocks: a link that comes up brings addresses and routes. One look after the flock is enough.
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(50);

    private readonly NetlinkSocket _changes = NetlinkSocket.Open(Groups);
    private readonly RouteNetlink _routes = new();
    private readonly EventFd _stop = new();
    private readonly Thread _thread;
    private volatile bool _stopping;

    public RouteMonitor() => _thread = new Thread(Run) { Name = "routes", IsBackground = true };

    /// <summary>Something changed. Raised on the monitor's thread, where <see cref="StillUsesSource"/> may be asked.</summary>
    public event Action? Changed;

    public void Start() => _thread.Start();

    /// <summary>
    /// Whether packets to this endpoint, with this mark and from its sticky source, still leave through the interface that the
    /// source was learned on: what the kernel's WireGuard checks before it sends. True without a source. From <see cref="Changed"/> only.
    /// </summary>
    public bool StillUsesSource(Endpoint endpoint, uint mark)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        if (endpoint.Source is null)
        {
            return true;
        }

        try
        {
            return _routes.GetRoute(endpoint.Address, mark, endpoint.Source).Interface == endpoint.SourceInterface;
        }
        catch (LinuxException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        _stopping = true;
        _stop.Signal();
        if (_thread.IsAlive)
        {
            _thread.Join();
        }

        _changes.Dispose();
        _routes.Dispose();
        _stop.Dispose();
    }

    private void Run()
    {
        byte[] buffer = new byte[NetlinkSocket.ReceiveSize];
        PollFd[] either = [new PollFd(_changes.Fd, PollFd.POLLIN), new PollFd(_stop.Fd, PollFd.POLLIN)];
        PollFd[] stop = [new PollFd(_stop.Fd, PollFd.POLLIN)];
        for (; ; )
        {
            Poll.Wait(either);
            if (!_stopping)
            {
                Poll.Wait(stop, Settle);
            }

            if (_stopping)
            {
                return;
            }

            try
            {
                DropMessages(buffer);
            }
            catch (LinuxException)
            {
                // Nothing more is heard of routes. A source that the kernel refuses is still dropped when something is sent from it.
                return;
            }

            Changed?.Invoke();
        }
    }

    // What changed does not matter, and neither do messages that were lost (ENOBUFS): the kernel is asked anew.
    private void DropMessages(byte[] buffer)
    {
        while (_changes.Receive(buffer, wait: false) != 0)
        {
        }
    }
}
