using System.Net;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Udp;

namespace WgNet.Device;

/// <content>Where peers are outside whose endpoints are configured, by address or by name. The rules are in <see cref="PeerName"/>.</content>
public sealed partial class WireGuardDevice
{
    /// <summary>Where an initiation goes that is about to be sent: where the peer is, or the next address of its name.</summary>
    internal Endpoint EndpointForInitiation(Peer peer, long now)
    {
        // The packet path gives a peer an endpoint and never takes one away.
        Endpoint current = peer.Endpoint!;
        if (peer.Name is { } name)
        {
            Endpoint? next = name.Initiating(current, peer.ReceivedPackets, now, out bool isDue);
            if (isDue)
            {
                _names.Ask(peer, name);
            }

            if (next is not null)
            {
                _ = TryMove(peer, name, current, next);
            }
        }

        return peer.Endpoint!;
    }

    // Under the configuration lock.
    private void ApplyEndpoint(Peer peer, PeerUpdate update, bool isNew)
    {
        PeerName? before = peer.Name;
        if (update.EndpointHost is not null)
        {
            peer.Name = null;
        }

        if (update.Endpoint is { } endpoint)
        {
            Endpoint? previous = peer.Endpoint;
            peer.Endpoint = endpoint;
            if (!endpoint.Equals(previous))
            {
                Events.EndpointConfigured(peer, endpoint);
            }
        }

        if (update.EndpointHost is { Length: > 0 } host)
        {
            peer.Name = NameFor(peer, host, update.Endpoint, before, isNew);
            _names.Ask(peer, peer.Name);
        }
    }

    private static PeerName NameFor(Peer peer, string text, Endpoint? resolved, PeerName? before, bool isNew)
    {
        if (resolved is not null)
        {
            return PeerName.Resolved(text, resolved);
        }

        // Said again while it is being resolved, it goes on being resolved. The endpoint of a peer that is new is kept from before.
        return before?.Text == text && before.IsUnresolved ? before
            : PeerName.Unresolved(text, movesOnAnswer: !isNew || peer.Endpoint is null, Clock.BootTime);
    }

    // On a thread of the resolver's, and none of these calls while or after the device is disposed.
    private void NameAnswered(Peer peer, PeerName name, IPAddress[] addresses, string reason)
    {
        if (addresses.Length == 0)
        {
            if (name.Failed(Clock.BootTime) && peer.Name == name)
            {
                Log.Error($"{peer.Session.RemoteStatic}: the endpoint `{name.Text}' could not be resolved, which is tried again: {reason}");
            }

            return;
        }

        Endpoint[] endpoints = name.EndpointsOf(addresses);
        bool hadFailed = name.HasFailed;
        Endpoint? current = peer.Endpoint;
        Endpoint? next = name.Answered(endpoints, current, peer.ReceivedPackets);
        if (hadFailed && peer.Name == name)
        {
            Log.Error($"{peer.Session.RemoteStatic}: the endpoint `{name.Text}' could be resolved: {endpoints[0]}");
        }

        if (next is not null && TryMove(peer, name, current, next) && IsUp && peer.Session.PersistentKeepalive > 0)
        {
            // Nothing else would make an interface without traffic begin.
            Perform(peer, SessionActions.SendKeepalive);
        }
    }

    private bool TryMove(Peer peer, PeerName name, Endpoint? from, Endpoint to)
    {
        if (!peer.TryMove(name, from, to))
        {
            return false;
        }

        Log.Verbose($"{peer.Session.RemoteStatic}: `{name.Text}' is tried at {to}");
        Events.EndpointResolved(peer, to);
        return true;
    }
}
