using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>struct cmsghdr, cmsg(3): what travels beside a datagram. The numbers are those of bits/in.h and linux/udp.h.</summary>
public static class ControlMessage
{
    //  len 8 (header included) | level 4 | type 4 | data, padded to 8
    public const int HeaderSize = 16;

    public const int SOL_IP = 0, SOL_UDP = 17, SOL_IPV6 = 41;
    public const int IP_TOS = 1, IP_PKTINFO = 8, IPV6_PKTINFO = 50, IPV6_TCLASS = 67, UDP_SEGMENT = 103, UDP_GRO = 104;

    /// <summary>struct in_pktinfo: index 4 | local address 4 | address in the header 4.</summary>
    public const int IPv4PacketInfoSize = 12;

    /// <summary>struct in6_pktinfo: address 16 | index 4.</summary>
    public const int IPv6PacketInfoSize = 20;

    /// <summary>CMSG_SPACE: what a message with this much data occupies.</summary>
    public static int Space(int dataLength) => HeaderSize + ((dataLength + 7) & ~7);
}

/// <summary>Writes control messages one behind the other into a buffer that has room for them.</summary>
public ref struct ControlWriter(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;

    /// <summary>Bytes written, for msg_controllen.</summary>
    public int Length { get; private set; }

    /// <summary>Begins a message; the caller fills the zeroed data that is returned.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Add(int level, int type, int dataLength)
    {
        Span<byte> message = _buffer.Slice(Length, ControlMessage.Space(dataLength));
        message.Clear();
        nint length = ControlMessage.HeaderSize + dataLength;
        MemoryMarshal.Write(message, in length);
        MemoryMarshal.Write(message[8..], in level);
        MemoryMarshal.Write(message[12..], in type);
        Length += message.Length;
        return message.Slice(ControlMessage.HeaderSize, dataLength);
    }

    public void AddInt32(int level, int type, int value)
    {
        Span<byte> data = Add(level, type, sizeof(int));
        MemoryMarshal.Write(data, in value);
    }
}

/// <summary>Walks through received control messages; stops at the first that claims more than there is.</summary>
public ref struct ControlReader(ReadOnlySpan<byte> buffer)
{
    private ReadOnlySpan<byte> _rest = buffer;

    public int Level { get; private set; }

    public int Type { get; private set; }

    public ReadOnlySpan<byte> Data { get; private set; }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryNext()
    {
        if (_rest.Length < ControlMessage.HeaderSize)
        {
            return false;
        }

        nint length = MemoryMarshal.Read<nint>(_rest);
        if (length < ControlMessage.HeaderSize || length > _rest.Length)
        {
            return false;
        }

        Level = MemoryMarshal.Read<int>(_rest[8..]);
        Type = MemoryMarshal.Read<int>(_rest[12..]);
        Data = _rest[ControlMessage.HeaderSize..(int)length];
        _rest = _rest[Math.Min(_rest.Length, (int)((length + 7) & ~7))..];
        return true;
    }
}
