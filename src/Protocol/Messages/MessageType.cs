using System.Buffers.Binary;

namespace WgNet.Protocol;

/// <summary>The first word of every message (section 5.4): the type in one byte, then three that are zero.</summary>
public static class MessageType
{
    public const uint Initiation = 1;
    public const uint Response = 2;
    public const uint CookieReply = 3;
    public const uint Data = 4;

    /// <summary>The type and the reserved bytes as one little-endian number; 0 for fewer than four bytes.</summary>
    public static uint Read(ReadOnlySpan<byte> datagram) =>
        datagram.Length >= sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(datagram) : 0;

    /// <summary>Types 1 to 3 with exactly their size.</summary>
    public static bool IsHandshake(ReadOnlySpan<byte> datagram) => Read(datagram) switch
    {
        Initiation => datagram.Length == HandshakeInitiation.Size,
        Response => datagram.Length == HandshakeResponse.Size,
        CookieReply => datagram.Length == CookieReplyMessage.Size,
        _ => false,
    };
}
