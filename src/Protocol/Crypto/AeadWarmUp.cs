namespace WgNet.Protocol;

/// <summary>
/// The wide kernels are compiled when they are first called, which takes longer than many a packet may wait. A device calls them
/// once while it starts, beside everything else, so that no packet meets that.
/// </summary>
public static class AeadWarmUp
{
    // As short as a keepalive, as long as full packets and more, and what kernels treat differently in between; enough of each to make
    // groups and to leave some over.
    private static readonly int[] Lengths = [0, 64, 160, 400, 800, 1420, 4500];
    private const int PacketsOfEach = 11;

    /// <summary>Seals and opens packets of zeros, alone and in batches. Tenths of a second at first, microseconds later.</summary>
    public static void Run()
    {
        Span<byte> key = stackalloc byte[Aead.KeySize];
        key.Clear();
        foreach (int length in Lengths)
        {
            int size = length + Aead.TagSize;
            byte[] memory = new byte[PacketsOfEach * size];
            Aead.Seal(key, 0, default, memory.AsSpan(0, size));
            Aead.TryOpen(key, 0, default, memory.AsSpan(0, size));

            var packets = new AeadPacket[PacketsOfEach];
            for (int i = 0; i < packets.Length; i++)
            {
                packets[i] = new AeadPacket { Offset = i * size, Length = length, Counter = (ulong)i };
            }

            Aead.Seal(key, memory, packets);
            Aead.Open(key, memory, packets);
        }
    }
}
