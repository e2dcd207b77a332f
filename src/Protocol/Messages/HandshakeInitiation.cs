using System.Buffers.Binary;

namespace WgNet.Protocol;

/// <summary>The first message (section 5.4.2), as a view over its bytes.</summary>
/// <param name="bytes">Exactly <see cref="Size"/>.</param>
internal readonly ref struct HandshakeInitiation(Span<byte> bytes)
{
    //  type 4 | sender 4 | ephemeral 32 | static 32+16 | timestamp 12+16 | mac1 16 | mac2 16
    public const int Size = 148;

    private readonly Span<byte> _bytes = bytes[..Size];

    public uint Sender => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[4..]);

    public Span<byte> Ephemeral => _bytes.Slice(8, 32);

    public Span<byte> EncryptedStatic => _bytes.Slice(40, 48);

    public Span<byte> EncryptedTimestamp => _bytes.Slice(88, 28);

    public void WriteHeader(uint sender)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes, MessageType.Initiation);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes[4..], sender);
    }
}
