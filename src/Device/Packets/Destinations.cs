using System.Diagnostics;
using System.Runtime.CompilerServices;
using WgNet.Learning;
using WgNet.Routing;

namespace WgNet.Device;

/// <summary>
/// Whose the packets of a batch are. IPv6 destinations are noted while the packets are read, and what the look-ups need of the learned
/// table is fetched from memory for all of them at once, before the first is asked for. One worker's.
/// </summary>
internal sealed class Destinations(WireGuardDevice device)
{
    // Each that differs from the one before.
    private readonly UInt128[] _ipv6 = new UInt128[OutboundBatch.MaxReads];
    private readonly SlotKey[] _keys = new SlotKey[OutboundBatch.MaxReads];
    private int _count;

    // The last ones asked for.
    private int _at;
    private Peer? _ipv6Peer;
    private uint _ipv4;
    private Peer? _ipv4Peer;

    /// <summary>The next batch.</summary>
    public void Begin() => _count = 0;

    /// <summary>Another packet of the batch, of which there are at most <see cref="OutboundBatch.MaxReads"/>.</summary>
    public void Note(in IpPacket header)
    {
        if (!header.IsIPv4 && (_count == 0 || _ipv6[_count - 1] != header.IPv6Destination))
        {
            _ipv6[_count++] = header.IPv6Destination;
        }
    }

    /// <summary>All are noted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Approach()
    {
        device.Approach(_ipv6.AsSpan(0, _count), _keys.AsSpan(0, _count));
        _at = -1;
        _ipv4Peer = null;
    }

    /// <summary>The peer of a packet that was noted, or null. To be asked for all of them, in their order.</summary>
    public Peer? Find(in IpPacket header, long now)
    {
        if (header.IsIPv4)
        {
            if (_ipv4Peer is null || header.IPv4Destination != _ipv4)
            {
                _ipv4 = header.IPv4Destination;
                _ipv4Peer = device.FindByDestination(_ipv4);
            }

            return _ipv4Peer;
        }

        UInt128 destination = header.IPv6Destination;
        if (_at < 0 || destination != _ipv6[_at])
        {
            _at++;
            Debug.Assert(destination == _ipv6[_at]);
            _ipv6Peer = device.FindByDestination(destination, _keys[_at], now);
        }

        return _ipv6Peer;
    }
}
