using System.Buffers.Binary;

namespace WgNet.Protocol;

/// <summary>A data message's header (section 5.4.6).</summary>
public static class TransportMessage
{
    //  type 4 | receiver 4 | counter 8 | packet n+16
    public const uint Type = MessageType.Data;

    /// <summary>False if this is no data message: another type, reserved bytes set, or too short for header and tag.</summary>
    public static bool TryReadIndex(ReadOnlySpan<byte> datagram, out uint receiver)
    {
        if (datagram.Length < Keypair.Overhead || BinaryPrimitives.ReadUInt32LittleEndian(datagram) != Type)
        {
            receiver = 0;
            return false;
        }

        receiver = BinaryPrimitives.ReadUInt32LittleEndian(datagram[4..]);
        return true;
    }

    internal static ulong ReadCounter(ReadOnlySpan<byte> datagram) => BinaryPrimitives.ReadUInt64LittleEndian(datagram[8..]);

    internal static void WriteHeader(Span<byte> datagram, uint receiver, ulong counter)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(datagram, Type);
        BinaryPrimitives.WriteUInt32LittleEndian(datagram[4..], receiver);
        BinaryPrimitives.WriteUInt64LittleEndian(datagram[8..], counter);
    }
}
