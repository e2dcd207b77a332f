namespace WgNet.Linux;

/// <summary>The errno values that WgNet compares with or reports (asm-generic/errno.h; the same on x86-64 and Arm64).</summary>
public static class Errno
{
    public const int EPERM = 1, ENOENT = 2, EINTR = 4, EIO = 5, ENXIO = 6, E2BIG = 7, EBADF = 9, EAGAIN = 11, ENOMEM = 12,
        EACCES = 13, EFAULT = 14, EBUSY = 16, EEXIST = 17, ENODEV = 19, EINVAL = 22, EFBIG = 27, ENOSPC = 28, EPIPE = 32,
        ERANGE = 34, ENAMETOOLONG = 36, ELOOP = 40, EPROTO = 71, EBADFD = 77, EMSGSIZE = 90, ENOPROTOOPT = 92, EPROTONOSUPPORT = 93,
        EOPNOTSUPP = 95, EAFNOSUPPORT = 97, EADDRINUSE = 98, EADDRNOTAVAIL = 99, ENETDOWN = 100, ENETUNREACH = 101,
        ENOBUFS = 105, ETIMEDOUT = 110, ECONNREFUSED = 111, EHOSTUNREACH = 113;
}
