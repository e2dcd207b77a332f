using System.Runtime.CompilerServices;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Tun;

namespace WgNet.Device;

/// <summary>
/// TUN → UDP, run to completion: takes its turn to read a batch, cuts super-packets, seals in place, and in its turn to write hands
/// the kernel everything in as few calls as possible. Owns its buffers; allocates nothing in steady state.
/// </summary>
internal sealed class OutboundWorker : IWorker
{
    // The kernel may prolong a rest by 50 µs, which is as long as it is, unless it is told otherwise.
    private static readonly TimeSpan Slack = TimeSpan.FromTicks(1);

    private readonly WireGuardDevice _device;
    private readonly Turn _turn;
    private readonly InterfaceWatch _watch;
    private readonly OutboundBatch _batch = new();
    private readonly OutboundReader _reader;

    // Datagrams of one run, laid out but not yet sealed.
    private readonly AeadPacket[] _gathered = new AeadPacket[Gathering.MostPackets];
    private readonly byte[] _gatheredEcn = new byte[Gathering.MostPackets];
    private int _gatheredCount;
    private int _gatheredBytes;

    // What of the batch's the last turn left.
    private int _waits;

    // Of the run that is being sealed.
    private ulong _counter;
    private int _sealedBytes;
    private int _sealedPackets;

    public OutboundWorker(WireGuardDevice device, ITunDevice tun, IcmpResponder icmp, Turn turn, InterfaceWatch watch)
    {
        _device = device;
        _turn = turn;
        _watch = watch;
        _reader = new OutboundReader(device, tun, icmp, turn, _batch);
    }

    /// <summary>Runs until the group stops or the interface is gone.</summary>
    public void Run()
    {
        TimerSlack.SetForThisThread(Slack);
        bool isThere = true;
        while (isThere && _turn.TryRead())
        {
            isThere = PassOn(wait: true, out _);
        }

        if (!isThere)
        {
            _device.RequestClose("the interface was deleted");
        }
    }

    public void Dispose() => _batch.Dispose();

    /// <summary>
    /// One turn for a thread that found the interface to have something, and must not wait for it. If there was nothing, the outbound
    /// threads are to find out why.
    /// </summary>
    public void PassOnForWatcher()
    {
        if (!PassOn(wait: false, out bool hasRead) || !hasRead)
        {
            _watch.CameLoad(Clock.BootTime);
        }
    }

    // One turn; false when the interface is gone. Never inlined: Run does not return, and .NET puts optimized code in a method's place
    // at its next call only.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool PassOn(bool wait, out bool hasRead)
    {
        bool isThere = _reader.Read(wait, out long now);
        _turn.EndRead(wakeAnother: _batch.IsFull);
        foreach (ref readonly OutboundRun run in _batch.Runs)
        {
            SealRun(in run, now);
        }

        Send();
        hasRead = now != 0;
        bool isLoad = HasWaited() || _reader.IsBurst || (_batch.IsFull && !_batch.HasEnoughBytes);
        if (isLoad)
        {
            _watch.CameLoad(now);
        }
        else if (_batch.IsMuch)
        {
            _watch.CameMuch(isInbound: false, now);
        }

        _turn.End();
        if (hasRead && !isLoad)
        {
            _watch.CameLittle(now);
        }

        return isThere;
    }

    // For the socket, which holds up whoever sends; nobody is to wait behind that who could receive.
    private bool HasWaited()
    {
        int before = _waits;
        _waits = _batch.Datagrams.Waits;
        return _waits != before;
    }

    private void SealRun(in OutboundRun run, long now)
    {
        _counter = run.Counter;
        _sealedBytes = _sealedPackets = 0;
        foreach (ref readonly OutboundPacket packet in _batch.PacketsOf(in run))
        {
            var segmenter = default(Segmenter);
            segmenter.Begin(_batch.HeaderAndPacket(in packet));
            if (packet.Segments == 1)
            {
                GatherInPlace(in run, in packet, ref segmenter);
            }
            else
            {
                GatherSegments(in run, in packet, ref segmenter);
            }
        }

        SealGathered(in run);
        if (_sealedBytes > 0)
        {
            run.Peer.CountSent(_sealedBytes, _sealedPackets);
            _device.Perform(run.Peer, run.Peer.Session.DataSent(run.Keypair, isKeepalive: false, now));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void GatherInPlace(in OutboundRun run, in OutboundPacket packet, ref Segmenter segmenter)
    {
        int padded = Padding.PaddedLength(packet.Length, _batch.Mtu);
        Span<byte> plaintext = _batch.Memory.Slice(packet.Offset, padded);
        segmenter.TryNext(plaintext, out int length);
        plaintext[length..].Clear();
        Gather(in run, packet.Offset, padded, packet.Ecn);
    }

    private void GatherSegments(in OutboundRun run, in OutboundPacket packet, ref Segmenter segmenter)
    {
        while (segmenter.NextLength is int next and not 0)
        {
            int padded = Padding.PaddedLength(next, _batch.Mtu);
            if (!_batch.HasRoomForSegment(padded + Keypair.Overhead))
            {
                SealGathered(in run);
                Send();
                _batch.ReleaseSegments();
            }

            Span<byte> plaintext = _batch.ReserveSegment(padded + Keypair.Overhead).Slice(Keypair.HeaderSize, padded);
            segmenter.TryNext(plaintext, out int length);
            plaintext[length..].Clear();
            Gather(in run, _batch.KeepSegment(padded + Keypair.Overhead) + Keypair.HeaderSize, padded, packet.Ecn);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Gather(in OutboundRun run, int offset, int length, byte ecn)
    {
        if (Gathering.IsFull(_gatheredCount, _gatheredBytes, length))
        {
            SealGathered(in run);
        }

        _gathered[_gatheredCount] = new AeadPacket { Offset = offset, Length = length, Counter = _counter++ };
        _gatheredEcn[_gatheredCount++] = ecn;
        _gatheredBytes += length;
    }

    private void SealGathered(in OutboundRun run)
    {
        ReadOnlySpan<AeadPacket> gathered = _gathered.AsSpan(0, _gatheredCount);
        if (gathered.IsEmpty)
        {
            return;
        }

        if (_batch.Datagrams.FreeEntries < gathered.Length)
        {
            Send();
        }

        if (run.Keypair.SealBatch(_batch.Memory.Span, gathered))
        {
            for (int i = 0; i < gathered.Length; i++)
            {
                int length = gathered[i].Length + Keypair.Overhead;
                _batch.Datagrams.AppendAt(run.Endpoint, gathered[i].Offset - Keypair.HeaderSize, length, _gatheredEcn[i]);
                _sealedBytes += length;
            }

            _sealedPackets += gathered.Length;
        }
        else
        {
            run.Peer.Drops.Add(InsideDrop.KeysWiped, gathered.Length);
        }

        _gatheredCount = 0;
        _gatheredBytes = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Send()
    {
        if (!_batch.Datagrams.IsEmpty)
        {
            _turn.Write();
            _device.Send(_batch.Datagrams);
        }
    }
}
