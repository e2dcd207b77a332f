using WgNet.Linux;
using static WgNet.Linux.TunFile;

namespace WgNet.Tun;

/// <summary>
/// A TUN interface (Documentation/networking/tuntap.rst). With IFF_VNET_HDR the kernel hands over super-packets and takes them back,
/// and leaves checksums to us; where it is missing every header reads as zero and every packet travels alone.
/// </summary>
public sealed class TunDevice : ITunDevice
{
    /// <summary>What <see cref="Read"/> can need behind its offset.</summary>
    public const int MaximumRead = VirtioNetHeader.Size + MaximumPacket;

    private const int MaximumPacket = 65_535;

    // A descriptor reports POLLERR while its interface is being deleted; looking again this often bridges those milliseconds.
    private static readonly TimeSpan ErrorPause = TimeSpan.FromMilliseconds(20);

    private readonly int _fd;
    private readonly bool _hasHeader;
    private readonly EventFd _wake = new();
    private readonly PollFd[] _waiting;
    private string _lastName;
    private int _disposed;

    private TunDevice(int fd, string name, bool hasHeader)
    {
        _fd = fd;
        _lastName = name;
        _hasHeader = hasHeader;
        _waiting = [new PollFd(fd, PollFd.POLLIN), new PollFd(_wake.Fd, PollFd.POLLIN)];
        if (hasHeader)
        {
            NegotiateOffload();
        }
    }

    /// <summary>The interface's name now, renames included; the last known one once it is deleted.</summary>
    public string Name
    {
        get
        {
            if (TryGetInterface(_fd, out string name, out _) == 0)
            {
                _lastName = name;
            }

            return _lastName;
        }
    }

    /// <summary>The number that the calling thread's network namespace has for the interface. Throws if it is not there.</summary>
    public int InterfaceIndex => NetworkInterface.GetIndex(Name);

    public bool HasOffload { get; private set; }

    public bool HasUdpOffload { get; private set; }

    public int Descriptor => _fd;

    /// <summary>Creates the interface, or takes over a persistent one of that name.</summary>
    /// <param name="name">May contain %d, for which the kernel puts a number.</param>
    /// <param name="mtu">0 leaves it as it is.</param>
    /// <param name="offload">False: one packet a read and a write, checksums complete.</param>
    public static TunDevice Open(string name, int mtu, bool offload)
    {
        int fd = TunFile.Open();
        try
        {
            const short plain = IFF_TUN | IFF_NO_PI;
            bool hasHeader = offload && TrySetInterface(fd, name, plain | IFF_VNET_HDR) == 0;
            if (!hasHeader)
            {
                ThrowIf(TrySetInterface(fd, name, plain), "TUNSETIFF", name);
            }

            ThrowIf(TryGetInterface(fd, out string actual, out _), "TUNGETIFF", name);
            if (mtu != 0)
            {
                NetworkInterface.SetMtu(actual, mtu);
            }

            return new TunDevice(fd, actual, hasHeader);
        }
        catch
        {
            FileDescriptor.Close(fd);
            throw;
        }
    }

    /// <summary>Takes over a descriptor that is an interface already (WG_TUN_FD), and owns it from then on.</summary>
    public static TunDevice FromFileDescriptor(int fd)
    {
        ThrowIf(TryGetInterface(fd, out string name, out short flags), "TUNGETIFF", $"descriptor {fd}");
        if ((flags & IFF_TUN) == 0 || (flags & IFF_NO_PI) == 0)
        {
            throw new LinuxException("TUNGETIFF", $"descriptor {fd}: not a TUN interface with IFF_NO_PI", Errno.EINVAL);
        }

        FileDescriptor.SetNonBlockingCloseOnExec(fd);
        return new TunDevice(fd, name, (flags & IFF_VNET_HDR) != 0);
    }

    public int Read(NativeBuffer buffer, int offset)
    {
        int skipped = _hasHeader ? 0 : VirtioNetHeader.Size;
        int room = Math.Min(buffer.Length - offset, MaximumRead) - skipped;
        for (; ; )
        {
            int length = TunFile.Read(_fd, buffer, offset + skipped, room);
            if (length <= 0)
            {
                // An interface that is down has nothing (EAGAIN, formerly EIO); a packet that cannot be handed over is EINVAL. Both pass.
                return length == -Errno.EBADFD || (length != 0 && !IsAlive(_fd)) ? -1 : 0;
            }

            // Cut off (the kernel returns the whole length), or a header without a packet: dropped, and there may be more behind it.
            if (length <= room && length + skipped > VirtioNetHeader.Size)
            {
                buffer.Slice(offset, skipped).Clear();
                return skipped + length;
            }
        }
    }

    public bool WaitReadable()
    {
        Poll.Wait(_waiting);
        while (!_waiting[1].IsReadable && _waiting[0].HasError && !_waiting[0].IsReadable)
        {
            if (!IsAlive(_fd))
            {
                return false;
            }

            // The error stays until its cause is gone, so waiting for this descriptor would return at once, again and again.
            Rest(ErrorPause);
            Poll.Wait(_waiting, TimeSpan.Zero);
        }

        if (_waiting[1].IsReadable)
        {
            _wake.Drain();
        }

        return true;
    }

    public void Rest(TimeSpan time) => Poll.Wait(_waiting.AsSpan(1), time);

    public void Wake() => _wake.Signal();

    public bool Write(IoVectors packet) => packet.Write(_fd, _hasHeader ? 0 : VirtioNetHeader.Size) == 0;

    public bool WriteOwn(ReadOnlySpan<byte> packet)
    {
        int header = _hasHeader ? VirtioNetHeader.Size : 0;
        Span<byte> both = stackalloc byte[VirtioNetHeader.Size + 1280];
        both[..header].Clear();
        packet.CopyTo(both[header..]);
        return TunFile.Write(_fd, both[..(header + packet.Length)]) == 0;
    }

    /// <summary>Deletes the interface unless it is persistent. No thread may be inside another method.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        FileDescriptor.Close(_fd);
        _wake.Dispose();
    }

    // Best first. USO came with Linux 6.2; without any of them the header still serves for writing super-packets.
    private void NegotiateOffload()
    {
        const uint tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
        _ = TrySetVirtioNetHeaderSize(_fd, VirtioNetHeader.Size);
        HasOffload = true;
        HasUdpOffload = TrySetOffload(_fd, tcp | TUN_F_USO4 | TUN_F_USO6);
        _ = HasUdpOffload || TrySetOffload(_fd, tcp) || TrySetOffload(_fd, TUN_F_CSUM) || TrySetOffload(_fd, 0);
    }

    private static void ThrowIf(int errno, string call, string subject)
    {
        if (errno != 0)
        {
            throw new LinuxException(call, subject, errno);
        }
    }
}
