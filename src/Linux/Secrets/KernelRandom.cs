using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>Random bytes from getrandom(2), which waits at boot until the kernel's generator is seeded and is fit for keys from then on.</summary>
public static unsafe partial class KernelRandom
{
    public static void Fill(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            nint written;
            fixed (byte* pointer = buffer)
            {
                written = getrandom(pointer, (nuint)buffer.Length, 0);
            }

            if (written < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                if (errno != Errno.EINTR)
                {
                    throw new LinuxException(nameof(getrandom), $"{buffer.Length} bytes", errno);
                }

                continue;
            }

            buffer = buffer[(int)written..]; // a signal may cut requests above 256 bytes short
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getrandom(byte* buffer, nuint length, uint flags);
}
