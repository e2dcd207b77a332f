namespace WgNet.Protocol;

internal readonly unsafe partial struct AeadAvx2
{
    public static void Seal(byte* key, byte* memory, ReadOnlySpan<AeadPacket> packets)
    {
        foreach (ref readonly AeadPacket packet in packets)
        {
            Seal(key, packet.Counter, memory + packet.Offset, packet.Length);
        }
    }

    public static void Open(byte* key, byte* memory, Span<AeadPacket> packets)
    {
        foreach (ref AeadPacket packet in packets)
        {
            packet.Authentic = TryOpen(key, packet.Counter, memory + packet.Offset, packet.Length);
        }
    }
}
