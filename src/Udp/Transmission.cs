using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using WgNet.Linux;

namespace WgNet.Udp;

/// <summary>
/// One batch's way into the kernel: as few calls as it takes, in order, whatever happens to single datagrams.
/// What the kernel will not split is sent again in pieces; what a lost source address stops is sent again without it.
/// </summary>
internal ref struct Transmission(Sender sender, SendBatch batch)
{
    private readonly MessageVector _whole = batch.Vector;
    private readonly MessageVector _pieces = batch.PieceVector;
    private bool _mayWait = true;

    /// <summary>Datagrams that were not sent.</summary>
    public int Refused { get; private set; }

    /// <summary>Why the last of them was not.</summary>
    public int Errno { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Run()
    {
        for (int next = 0; next < batch.Count;)
        {
            ref readonly SendEntry entry = ref batch[next];
            OutsideSocket? socket = sender.Sockets.For(entry.To);
            if (socket is null)
            {
                Refuse(entry.Datagrams, Linux.Errno.EAFNOSUPPORT);
                next++;
            }
            else if (entry.Datagrams > 1 && !socket.Segments)
            {
                SendInPieces(socket, in entry);
                next++;
            }
            else
            {
                next = SendWhole(socket, next);
            }
        }
    }

    // Entries that are one message each, as far as one socket takes them. Returns the first that is not done.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int SendWhole(OutsideSocket socket, int first)
    {
        int end = first;
        for (; end < batch.Count && sender.Sockets.For(batch[end].To) == socket && (socket.Segments || batch[end].Datagrams == 1); end++)
        {
            ref readonly SendEntry entry = ref batch[end];
            _whole.PrepareSend(end, batch.Buffer, entry.Offset, entry.Length, entry.To.SocketName);
            SetControl(_whole, end, in entry, entry.Datagrams > 1 ? entry.SegmentSize : 0, withSource: true);
        }

        while (first < end)
        {
            int sent = sender.FailsSegmentation(batch, first, ref end, out int errno) ? -errno : Send(socket, _whole, first, end);
            if (sent > 0)
            {
                first += sent;
                continue;
            }

            Recover(socket, first++, -sent);
            if (!socket.Segments)
            {
                break;
            }
        }

        return first;
    }

    // EIO: the device, or a transform on the way, cannot split, and will not be able to next time. EINVAL and EMSGSIZE:
    // the pieces are longer than the path takes unfragmented, which is this peer's matter, not the socket's.
    private void Recover(OutsideSocket socket, int index, int errno)
    {
        ref readonly SendEntry entry = ref batch[index];
        if (entry.Datagrams > 1 && errno is (Linux.Errno.EIO or Linux.Errno.EINVAL or Linux.Errno.EMSGSIZE))
        {
            if (errno == Linux.Errno.EIO)
            {
                sender.SegmentationFailed(socket, errno);
            }

            SendInPieces(socket, in entry);
        }
        else if (!MayBeSource(entry.To, errno) || !TrySendWithoutSource(socket, _whole, index, in entry, entry.Datagrams > 1 ? entry.SegmentSize : 0))
        {
            Refuse(entry.Datagrams, errno);
        }
    }

    private void SendInPieces(OutsideSocket socket, in SendEntry entry)
    {
        int count = entry.Datagrams;
        for (int i = 0, at = 0; i < count; i++, at += entry.SegmentSize)
        {
            _pieces.PrepareSend(i, batch.Buffer, entry.Offset + at, Math.Min(entry.SegmentSize, entry.Length - at), entry.To.SocketName);
            SetControl(_pieces, i, in entry, segmentSize: 0, withSource: true);
        }

        for (int first = 0; first < count;)
        {
            int sent = Send(socket, _pieces, first, count);
            if (sent > 0)
            {
                first += sent;
                continue;
            }

            if (!MayBeSource(entry.To, -sent) || !TrySendWithoutSource(socket, _pieces, first, in entry, segmentSize: 0))
            {
                Refuse(1, -sent);
            }

            first++;
        }
    }

    // How many of the messages were sent, or −errno of the first.
    private int Send(OutsideSocket socket, MessageVector messages, int first, int end)
    {
        for (; ; )
        {
            int sent = socket.Datagrams.Send(messages, first, end - first);
            if (sent != -Linux.Errno.EINTR && (sent != -Linux.Errno.EAGAIN || !WaitWritable(socket)))
            {
                return sent;
            }
        }
    }

    // A full socket buffer is backpressure, but a stuck device must not hold the packet path: one wait a batch, then packets drop.
    private bool WaitWritable(OutsideSocket socket)
    {
        if (!_mayWait)
        {
            return false;
        }

        batch.Waits++;
        Span<PollFd> poll = [new PollFd(socket.Datagrams.Fd, PollFd.POLLOUT)];
        _mayWait = Poll.Wait(poll, Sender.WriteTimeout);
        return _mayWait;
    }

    // The kernel's WireGuard, too, forgets the source when routing refuses it, and tries once more.
    private static bool MayBeSource(Endpoint to, int errno) => !to.SourceAddress.IsEmpty
        && errno is Linux.Errno.EINVAL or Linux.Errno.ENETUNREACH or Linux.Errno.EHOSTUNREACH or Linux.Errno.EADDRNOTAVAIL
            or Linux.Errno.ENODEV or Linux.Errno.ENXIO or Linux.Errno.ENETDOWN;

    private bool TrySendWithoutSource(OutsideSocket socket, MessageVector messages, int index, in SendEntry entry, int segmentSize)
    {
        SetControl(messages, index, in entry, segmentSize, withSource: false);
        if (Send(socket, messages, index, index + 1) <= 0)
        {
            return false;
        }

        sender.LoseSource(entry.To);
        return true;
    }

    private void Refuse(int datagrams, int errno)
    {
        Refused += datagrams;
        Errno = errno;
    }

    private static void SetControl(MessageVector messages, int index, in SendEntry entry, int segmentSize, bool withSource)
    {
        var writer = new ControlWriter(messages.ControlSpace(index));
        if (segmentSize > 0)
        {
            ushort size = (ushort)segmentSize;
            MemoryMarshal.Write(writer.Add(ControlMessage.SOL_UDP, ControlMessage.UDP_SEGMENT, sizeof(ushort)), in size);
        }

        SendControl.Write(ref writer, entry.To, entry.Ecn, withSource);
        messages.SetControlLength(index, writer.Length);
    }
}
