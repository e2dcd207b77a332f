using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>Walks the messages of one netlink datagram. Lengths are checked: what does not fit ends the walk.</summary>
public ref struct NetlinkMessages(ReadOnlySpan<byte> datagram)
{
    private ReadOnlySpan<byte> _rest = datagram;

    public NetlinkHeader Header { get; private set; }

    /// <summary>What follows the header: a fixed body for the type, then attributes.</summary>
    public ReadOnlySpan<byte> Payload { get; private set; }

    /// <summary>NLMSG_ERROR's errno as a positive number; 0 is an acknowledgement. −1 when it is not such a message.</summary>
    public readonly int Error => Header.Type == Rtnetlink.NLMSG_ERROR && Payload.Length >= sizeof(int)
        ? -BinaryPrimitives.ReadInt32LittleEndian(Payload)
        : -1;

    public bool MoveNext()
    {
        if (_rest.Length < NetlinkHeader.Size)
        {
            return false;
        }

        Header = MemoryMarshal.Read<NetlinkHeader>(_rest);
        if (Header.Length < NetlinkHeader.Size || Header.Length > (uint)_rest.Length)
        {
            return false;
        }

        Payload = _rest[NetlinkHeader.Size..(int)Header.Length];
        _rest = _rest[Math.Min(NetlinkAttributes.Align((int)Header.Length), _rest.Length)..];
        return true;
    }
}

/// <summary>Walks attributes (struct rtattr: length 2, type 2, value, padded to 4), checked in the same way.</summary>
public ref struct NetlinkAttributes(ReadOnlySpan<byte> attributes)
{
    public const int HeaderSize = 4;

    // NLA_F_NESTED and NLA_F_NET_BYTEORDER say how to read the value, not what it is.
    private const int TypeMask = 0x3fff;

    private ReadOnlySpan<byte> _rest = attributes;

    public ushort Type { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    public bool MoveNext()
    {
        if (_rest.Length < HeaderSize)
        {
            return false;
        }

        int length = BinaryPrimitives.ReadUInt16LittleEndian(_rest);
        if (length < HeaderSize || length > _rest.Length)
        {
            return false;
        }

        Type = (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(_rest[2..]) & TypeMask);
        Value = _rest[HeaderSize..length];
        _rest = _rest[Math.Min(Align(length), _rest.Length)..];
        return true;
    }

    /// <summary>RTA_ALIGN: messages and attributes begin at multiples of 4.</summary>
    public static int Align(int length) => (length + 3) & ~3;
}
