using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>struct sockaddr_in and sockaddr_in6 as bytes: what names one end of a datagram to the kernel.</summary>
public static class SocketName
{
    //  in:   family 2 (host order) | port 2 | address 4 | zero 8
    //  in6:  family 2 (host order) | port 2 | flow 4 | address 16 | scope 4 (host order)
    public const int IPv4Size = 16, IPv6Size = 28, MaxSize = IPv6Size;

    internal const ushort AF_INET = 2, AF_INET6 = 10;

    /// <summary>Writes a name and returns its size.</summary>
    public static int Write(Span<byte> name, IPAddress address, ushort port)
    {
        ArgumentNullException.ThrowIfNull(address);
        bool isIPv4 = address.AddressFamily == AddressFamily.InterNetwork;
        int size = isIPv4 ? IPv4Size : IPv6Size;
        name[..size].Clear();
        ushort family = isIPv4 ? AF_INET : AF_INET6;
        MemoryMarshal.Write(name, in family);
        BinaryPrimitives.WriteUInt16BigEndian(name[2..], port);
        _ = address.TryWriteBytes(Address(name, isIPv4), out _);
        if (!isIPv4)
        {
            uint scope = (uint)address.ScopeId;
            MemoryMarshal.Write(name[24..], in scope);
        }

        return size;
    }

    /// <summary>Reads what <see cref="Write"/> writes. False if it is neither family's or cut short.</summary>
    public static bool TryRead(ReadOnlySpan<byte> name, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IPAddress? address, out ushort port)
    {
        address = null;
        port = 0;
        if (!HasWholeFamily(name, out bool isIPv4))
        {
            return false;
        }

        port = BinaryPrimitives.ReadUInt16BigEndian(name[2..]);
        address = isIPv4
            ? new IPAddress(name.Slice(4, 4))
            : new IPAddress(name.Slice(8, 16), MemoryMarshal.Read<uint>(name[24..]));
        return true;
    }

    private static bool HasWholeFamily(ReadOnlySpan<byte> name, out bool isIPv4)
    {
        ushort family = name.Length < 2 ? (ushort)0 : MemoryMarshal.Read<ushort>(name);
        isIPv4 = family == AF_INET;
        return isIPv4 ? name.Length >= IPv4Size : family == AF_INET6 && name.Length >= IPv6Size;
    }

    private static Span<byte> Address(Span<byte> name, bool isIPv4) => isIPv4 ? name.Slice(4, 4) : name.Slice(8, 16);
}
