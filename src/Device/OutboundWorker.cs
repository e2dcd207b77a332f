using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Tun;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>
/// TUN → UDP, run to completion: reads until nothing is left, splits super-packets, finds the peer, seals in place, and hands
/// the kernel everything gathered in as few calls as possible. Owns its buffers; allocates nothing in steady state.
/// </summary>
internal sealed class OutboundWorker : IWorker
{
    // A super-packet of 64 KiB and its header.
    private const int ReadSize = VirtioNetHeader.Size + 65535;

    private readonly WireGuardDevice _device;
    private readonly ITunDevice _tun;
    private readonly Turn _turn;
    private readonly NativeBuffer _read = new(ReadSize);
    private readonly SendBatch _batch = new();
    private readonly IcmpResponder _icmp;
    private readonly byte[] _unsealed = new byte[65535];

    public OutboundWorker(WireGuardDevice device, ITunDevice tun, Turn turn)
    {
        _device = device;
        _tun = tun;
        _turn = turn;
        _icmp = new IcmpResponder(device, tun);
    }

    /// <summary>Runs until the group stops or the interface is gone.</summary>
    public void Run()
    {
        while (!_turn.IsStopping)
        {
            int length = _tun.Read(_read, 0);
            if (length > 0)
            {
                Process(_read.Slice(0, length), Clock.BootTime);
                continue;
            }

            Flush();
            if (length < 0 || !_tun.WaitReadable())
            {
                _device.RequestClose("the interface was deleted");
                return;
            }
        }
    }

    public void Dispose()
    {
        _read.Dispose();
        _batch.Dispose();
    }

    private void Process(Span<byte> headerAndPacket, long now)
    {
        var segmenter = default(Segmenter);
        if (!segmenter.Begin(headerAndPacket) || !IpPacket.TryParse(segmenter.Packet, out IpPacket header))
        {
            _device.Drops.Add(InsideDrop.MalformedInside);
            return;
        }

        Peer? peer = _device.FindByDestination(header, now);
        if (peer is null)
        {
            _device.Drops.Add(InsideDrop.NoRoute, segmenter.SegmentCount);
            _icmp.Answer(header, IcmpErrorKind.NoRoute);
            return;
        }

        if (peer.Endpoint is not { } endpoint)
        {
            peer.Drops.Add(InsideDrop.NoEndpoint, segmenter.SegmentCount);
            _icmp.Answer(header, IcmpErrorKind.AddressUnreachable);
            return;
        }

        if (RoutingLoop.IsOwnDatagram(header, endpoint, _device.ListenPort))
        {
            peer.Drops.Add(InsideDrop.RoutingLoop, segmenter.SegmentCount);
            return;
        }

        Keypair? keypair = peer.Staged.IsEmpty ? peer.Session.SendingKeypair(now) : null;
        if (keypair is null || !keypair.TryReserve(segmenter.SegmentCount, out ulong counter))
        {
            Stage(peer, ref segmenter, header.Ecn, now);
            return;
        }

        SealSegments(peer, endpoint, keypair, counter, ref segmenter, header.Ecn);
        _device.Perform(peer, peer.Session.DataSent(keypair, isKeepalive: false, now));
    }

    private void SealSegments(Peer peer, Endpoint endpoint, Keypair keypair, ulong counter, ref Segmenter segmenter, byte ecn)
    {
        int mtu = _device.Mtu;
        int sent = 0;
        while (segmenter.NextLength is int length and not 0)
        {
            int sealedLength = Padding.PaddedLength(length, mtu) + Keypair.Overhead;
            if (_batch.Free < sealedLength)
            {
                Flush();
            }

            Span<byte> datagram = _batch.Reserve(sealedLength);
            Span<byte> plaintext = datagram[Keypair.HeaderSize..^Keypair.TagSize];
            segmenter.TryNext(plaintext, out _);
            plaintext[length..].Clear();
            if (keypair.Seal(counter++, datagram))
            {
                _batch.Append(endpoint, sealedLength, ecn);
                sent += sealedLength;
            }
        }

        peer.CountSent(sent);
    }

    // No usable keypair: the packets wait, and a handshake is asked for. With a keypair they only queue behind staged ones.
    private void Stage(Peer peer, ref Segmenter segmenter, byte ecn, long now)
    {
        while (segmenter.TryNext(_unsealed, out int length))
        {
            int dropped = peer.Staged.Add(_unsealed.AsSpan(0, length), ecn);
            if (dropped > 0)
            {
                peer.Drops.Add(InsideDrop.StagedOverflow, dropped);
            }
        }

        _device.SendStaged(peer, now);
    }

    private void Flush()
    {
        if (!_batch.IsEmpty)
        {
            _device.Send(_batch);
        }
    }
}
