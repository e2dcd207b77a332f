using System.Buffers.Binary;

namespace WgNet.Protocol;

/// <summary>The second message (section 5.4.3), as a view over its bytes.</summary>
/// <param name="bytes">Exactly <see cref="Size"/>.</param>
internal readonly ref struct HandshakeResponse(Span<byte> bytes)
{
    //  type 4 | sender 4 | receiver 4 | ephemeral 32 | nothing 0+16 | mac1 16 | mac2 16
    public const int Size = 92;

    private readonly Span<byte> _bytes = bytes[..Size];

    public uint Sender => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[4..]);

    public uint Receiver => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[8..]);

    public Span<byte> Ephemeral => _bytes.Slice(12, 32);

    public Span<byte> EncryptedNothing => _bytes.Slice(44, 16);

    public void WriteHeader(uint sender, uint receiver)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes, MessageType.Response);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes[4..], sender);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes[8..], receiver);
    }
}
