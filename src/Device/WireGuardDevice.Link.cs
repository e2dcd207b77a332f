using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Tun;
using WgNet.Udp;

namespace WgNet.Device;

/// <content>
/// The interface inside and the sockets outside: these are open while that is up, and change with the port. Which of our own addresses
/// a peer is sent to from, its sticky source, ends with the routes, the port or the mark that it belongs to.
/// </content>
public sealed partial class WireGuardDevice
{
    // Guarded by the configuration lock. The link may be up without sockets, when none could be opened.
    private bool _isLinkUp;
    private ushort _listenPort;

    // For threads that do not take the lock. An address is longer than what is stored at once: hence the box.
    private volatile uint _firewallMark;
    private volatile int _mtu;
    private volatile StrongBox<UInt128> _ownIPv6Address = new();

    /// <summary>The interface's MTU, followed live; 0 while unknown.</summary>
    internal int Mtu => _mtu;

    /// <summary>Whether the interface is up, so that the outside sockets are open.</summary>
    internal bool IsUp => _outside.IsOpen;

    /// <summary>The outside port that is bound; 0 while none is.</summary>
    internal ushort ListenPort => _outside.Port;

    /// <summary>The interface's own address to send ICMPv6 errors from; 0 if it has none.</summary>
    internal UInt128 OwnIPv6Address => _ownIPv6Address.Value;

    /// <summary>The interface went up or down, or its MTU or addresses changed.</summary>
    public void LinkChanged(LinkState state)
    {
        lock (_configuration)
        {
            if (_stopping)
            {
                return;
            }

            _isLinkUp = state.Up;
            _mtu = state.Mtu;
            (IPAddress Address, int PrefixLength)[] own = [.. state.Addresses.Where(a => a.Address.AddressFamily == AddressFamily.InterNetworkV6)];
            _ownIPv6Address = new(SourceOfErrors(own.Select(a => a.Address)));
            _learner.SetInterfaceAddresses([.. own.Select(a => (IpPrefix.ToNumber(a.Address), a.PrefixLength))]);
            if (state.Up && !IsUp)
            {
                BringUp();
            }
            else if (!state.Up && IsUp)
            {
                BringDown();
            }

            _tun.Wake();
        }
    }

    /// <summary>Routes changed outside: forgets the sticky sources that no longer hold.</summary>
    /// <param name="stillUsesSource">Whether packets to the endpoint, with this firewall mark, still leave from its source.</param>
    public void RoutesChanged(Func<Endpoint, uint, bool> stillUsesSource)
    {
        foreach (Peer peer in _peerList)
        {
            if (peer.Endpoint is { Source: not null } endpoint && !stillUsesSource(endpoint, _firewallMark))
            {
                peer.ClearEndpointSource();
            }
        }
    }

    private void ApplyListenPort(ushort? change)
    {
        if (change is { } port)
        {
            if (_isLinkUp && (port != _outside.Port || port == 0))
            {
                Rebind(port);
            }

            _listenPort = port;
        }
    }

    private void Rebind(ushort port)
    {
        bool wasUp = IsUp;
        try
        {
            _outside.Open(port, _firewallMark);
        }
        catch (LinuxException e)
        {
            throw new ConfigurationException($"listen port {port}: {e.Message}", e.Errno) { Key = "listen_port" };
        }

        ClearEndpointSources();
        if (!wasUp)
        {
            SendPersistentKeepalives();
        }
    }

    private void BringUp()
    {
        try
        {
            _outside.Open(_listenPort, _firewallMark);
        }
        catch (LinuxException e)
        {
            Log.Error($"the interface is up, but no outside socket could be opened: {e.Message}; it works once the port is set to a free one");
            return;
        }

        SendPersistentKeepalives();
    }

    private void BringDown()
    {
        _outside.Close();
        foreach (Peer peer in _peers.Values)
        {
            peer.Session.Clear();
            peer.Drops.Add(InsideDrop.StagedOverflow, peer.Staged.Clear());
        }
    }

    private void SendPersistentKeepalives()
    {
        foreach (Peer peer in _peers.Values)
        {
            if (peer.Session.PersistentKeepalive > 0)
            {
                Perform(peer, SessionActions.SendKeepalive);
            }
        }
    }

    // On a sending thread: no lock, because the configuration may be waiting for that thread to end.
    private void DropSource(Endpoint endpoint)
    {
        foreach (Peer peer in _peerList)
        {
            if (endpoint.Equals(peer.Endpoint))
            {
                peer.ClearEndpointSource();
            }
        }
    }

    private void ClearEndpointSources()
    {
        foreach (Peer peer in _peers.Values)
        {
            peer.ClearEndpointSource();
        }
    }

    private static UInt128 SourceOfErrors(IEnumerable<IPAddress> own) =>
        own.OrderBy(address => address.IsIPv6LinkLocal).FirstOrDefault() is { } first ? IpPrefix.ToNumber(first) : 0;
}
