using System.Buffers.Binary;

namespace WgNet.Protocol;

/// <summary>The answer under load (section 5.4.7), as a view over its bytes.</summary>
/// <param name="bytes">Exactly <see cref="Size"/>.</param>
internal readonly ref struct CookieReplyMessage(Span<byte> bytes)
{
    //  type 4 | receiver 4 | nonce 24 | cookie 16+16
    public const int Size = 64;

    private readonly Span<byte> _bytes = bytes[..Size];

    public uint Receiver => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[4..]);

    public Span<byte> Nonce => _bytes.Slice(8, 24);

    public Span<byte> EncryptedCookie => _bytes.Slice(32, 32);

    public void WriteHeader(uint receiver)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes, MessageType.CookieReply);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes[4..], receiver);
    }
}
