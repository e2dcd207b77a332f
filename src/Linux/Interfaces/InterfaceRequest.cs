using System.Runtime.InteropServices;
using System.Text;

namespace WgNet.Linux;

/// <summary>struct ifreq: an interface's name and one value (linux/if.h). Only the union's members in use have names here.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
internal unsafe struct InterfaceRequest
{
    public const int NameSize = 16;

    [FieldOffset(0)] public fixed byte NameBytes[NameSize];
    [FieldOffset(NameSize)] public short Flags;
    [FieldOffset(NameSize)] public int Index;
    [FieldOffset(NameSize)] public int Mtu;

    /// <summary>Up to 15 bytes: IFNAMSIZ without the terminator.</summary>
    public string Name
    {
        readonly get
        {
            fixed (byte* name = NameBytes)
            {
                var bytes = new ReadOnlySpan<byte>(name, NameSize);
                int end = bytes.IndexOf((byte)0);
                return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
            }
        }

        set
        {
            int length = Encoding.UTF8.GetByteCount(value);
            if (length is 0 or >= NameSize)
            {
                throw new LinuxException("ioctl", value, length == 0 ? Errno.EINVAL : Errno.ENAMETOOLONG);
            }

            fixed (byte* name = NameBytes)
            {
                var bytes = new Span<byte>(name, NameSize);
                bytes.Clear();
                _ = Encoding.UTF8.GetBytes(value, bytes);
            }
        }
    }
}
