using System.Runtime.CompilerServices;
using WgNet.Learning;
using WgNet.Linux;
using WgNet.Routing;
using WgNet.Tun;

namespace WgNet.Device;

/// <summary>
/// The end of a packet's way in: checks that what was inside a datagram is a packet and that its sender may use its source, and
/// hands it to the interface, joined with others where they belong together. One worker's.
/// </summary>
internal sealed class InboundDelivery(WireGuardDevice device, NativeBuffer memory, Coalescer coalescer) : IDisposable
{
    private readonly PacketTally _tally = device.CreateTally();

    // The source that was accepted last: the packets that follow it from there need no look-up.
    private Peer? _acceptedPeer;
    private UInt128 _acceptedSource;
    private bool _isAcceptedIPv4;
    private int _acceptedPackets;
    private long _acceptedAt;

    /// <summary>Takes what lies in the worker's memory, padding included; it must stay there until <see cref="Flush"/>.</summary>
    /// <param name="outerEcn">Of the datagram that it came in.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Take(Peer peer, int offset, int length, byte outerEcn, long now)
    {
        Span<byte> packet = memory.Slice(offset, length);
        if (!IpPacket.TryParse(packet, out IpPacket header))
        {
            peer.Drops.Add(InsideDrop.MalformedInside);
            return;
        }

        if (!IsAccepted(peer, header, now))
        {
            return;
        }

        if (outerEcn == Ecn.CongestionExperienced)
        {
            IpPacket.SetCongestionExperienced(packet[..header.TotalLength]);
        }

        coalescer.Add(offset, header.TotalLength);
    }

    /// <summary>Writes everything out. Ends what was accepted, too: the next batch may be another configuration's, or come later.</summary>
    public void Flush()
    {
        EndRun();
        int refused = coalescer.Flush();
        if (refused > 0)
        {
            device.Drops.Add(InsideDrop.TunRefused, refused);
        }
    }

    public void Dispose() => device.ReturnTally(_tally);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsAccepted(Peer peer, in IpPacket header, long now)
    {
        UInt128 source = header.IsIPv4 ? header.IPv4Source : header.IPv6Source;
        if (peer == _acceptedPeer && source == _acceptedSource && header.IsIPv4 == _isAcceptedIPv4)
        {
            _acceptedPackets++;
            return true;
        }

        EndRun();
        SourceVerdict verdict = device.CheckSource(peer, header, now);
        if (verdict is not (SourceVerdict.Accepted or SourceVerdict.Learned))
        {
            peer.Drops.Add(verdict);
            return false;
        }

        _acceptedPeer = peer;
        _acceptedSource = source;
        _isAcceptedIPv4 = header.IsIPv4;
        _acceptedPackets = 1;
        _acceptedAt = now;
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void EndRun()
    {
        if (_acceptedPeer is not null && !_isAcceptedIPv4)
        {
            _tally.Count(_acceptedSource, _acceptedPackets, _acceptedAt);
        }

        _acceptedPeer = null;
    }
}
