using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace WgNet.Linux;

/// <summary>
/// A UDP socket of one family that never waits. Calls that belong to single datagrams return errno as a negative number;
/// calls that set it up throw. Thread-safe: a call that runs while another thread disposes ends first, one after it gets EBADF.
/// </summary>
public sealed partial class DatagramSocket : IDisposable
{
    private const int SOCK_DGRAM = 2, SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000, MSG_DONTWAIT = 0x40;

    // Set in _calls once disposed.
    private const int Disposed = int.MinValue;

    private readonly Handle _handle;
    private readonly string _family;

    // Calls that belong to datagrams and have not returned. The handle counts, too, but takes its time.
    private int _calls;

    private DatagramSocket(Handle handle, bool isIPv4)
    {
        _handle = handle;
        Fd = (int)handle.DangerousGetHandle();
        IsIPv4 = isIPv4;
        _family = isIPv4 ? "IPv4 UDP socket" : "IPv6 UDP socket";
    }

    public bool IsIPv4 { get; }

    /// <summary>For poll: never below 0, and nobody else's before <see cref="Dispose"/>.</summary>
    public int Fd { get; }

    /// <summary>Opens an unbound socket.</summary>
    public static DatagramSocket Open(bool isIPv4)
    {
        Handle handle = socket(isIPv4 ? SocketName.AF_INET : SocketName.AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (handle.IsInvalid)
        {
            int errno = Marshal.GetLastPInvokeError();
            handle.Dispose();
            throw new LinuxException("socket", isIPv4 ? "AF_INET" : "AF_INET6", errno);
        }

        return new DatagramSocket(handle, isIPv4);
    }

    public void Bind(IPAddress address, ushort port)
    {
        Span<byte> name = stackalloc byte[SocketName.MaxSize];
        int size = SocketName.Write(name, address, port);
        if (bind(_handle, ref MemoryMarshal.GetReference(name), (uint)size) < 0)
        {
            throw new LinuxException("bind", $"{address} port {port}", Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>The address and port that it is bound to.</summary>
    public IPEndPoint LocalName()
    {
        Span<byte> name = stackalloc byte[SocketName.MaxSize];
        uint size = (uint)name.Length;
        if (getsockname(_handle, ref MemoryMarshal.GetReference(name), ref size) < 0
            || !SocketName.TryRead(name[..(int)size], out IPAddress? address, out ushort port))
        {
            throw new LinuxException("getsockname", _family, Marshal.GetLastPInvokeError());
        }

        return new IPEndPoint(address, port);
    }

    /// <summary>setsockopt(2) with an int. Returns 0 or errno; which options must work is for the caller to say.</summary>
    public int TrySetOption(int level, int option, int value) =>
        setsockopt(_handle, level, option, in value, sizeof(int)) < 0 ? Marshal.GetLastPInvokeError() : 0;

    public void SetOption(int level, int option, string name, int value)
    {
        int errno = TrySetOption(level, option, value);
        if (errno != 0)
        {
            throw new LinuxException("setsockopt", $"{_family}, {name}, {value}", errno);
        }
    }

    /// <summary>getsockopt(2) of an int. False if the kernel does not know the option.</summary>
    public bool TryGetOption(int level, int option, out int value)
    {
        value = 0;
        uint length = sizeof(int);
        return getsockopt(_handle, level, option, ref value, ref length) == 0;
    }

    /// <summary>recvmmsg(2): how many of the prepared messages were filled, or −errno.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe int Receive(MessageVector messages, int count)
    {
        ArgumentNullException.ThrowIfNull(messages);
        MultiMessageHeader* headers = messages.Headers(0, count);
        int received = TryBegin() ? SystemCall.Receive(Fd, headers, count, MSG_DONTWAIT) : -Errno.EBADF;
        End();
        return received;
    }

    /// <summary>sendmmsg(2): how many of the prepared messages, from <paramref name="first"/> on, were sent, or −errno of the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe int Send(MessageVector messages, int first, int count)
    {
        ArgumentNullException.ThrowIfNull(messages);
        MultiMessageHeader* headers = messages.Headers(first, count);
        int sent = TryBegin() ? SystemCall.Send(Fd, headers, count, MSG_DONTWAIT) : -Errno.EBADF;
        End();
        return sent;
    }

    public void Dispose()
    {
        if (Interlocked.Or(ref _calls, Disposed) == 0)
        {
            _handle.Dispose();
        }
    }

    // False when disposed. Either way the caller calls End.
    private bool TryBegin() => Interlocked.Increment(ref _calls) > 0;

    // Who is last after the disposal closes; a second close does nothing.
    private void End()
    {
        if (Interlocked.Decrement(ref _calls) == Disposed)
        {
            _handle.Dispose();
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial Handle socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(Handle socket, ref byte name, uint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockname(Handle socket, ref byte name, ref uint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(Handle socket, int level, int option, in int value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockopt(Handle socket, int level, int option, ref int value, ref uint length);

    private sealed class Handle() : SafeHandleMinusOneIsInvalid(ownsHandle: true)
    {
        protected override bool ReleaseHandle()
        {
            FileDescriptor.Close((int)handle);
            return true;
        }
    }
}
