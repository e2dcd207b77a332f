using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace WgNet.Protocol;

/// <content>
/// Batches. Packets of one length, as the segments of a super-packet are, go eight at a time: a packet is a lane of the MAC, and
/// the lanes of ChaCha20 are filled with blocks of all eight, so that hardly any are wasted. What is left over goes alone.
/// </content>
internal readonly unsafe partial struct AeadAvx512
{
    private const int Lanes = Poly1305Lanes512.Lanes;

    // Eight lanes cost as much as two to three packets alone.
    private const int MinLanes = 3;

    // Eight longer packets do not stay in the first-level cache from one pass over them to the next.
    private const int MaxLaneLength = 4096;

    public static void Seal(byte* key, byte* memory, ReadOnlySpan<AeadPacket> packets)
    {
        Group group = default;
        for (; !packets.IsEmpty; packets = packets[Math.Min(64, packets.Length)..])
        {
            ulong waiting = All(packets.Length);
            while (TakeGroup(packets, ref waiting, ref group))
            {
                if (group.Count >= MinLanes)
                {
                    SealGroup(key, memory, packets, ref group);
                    continue;
                }

                for (int i = 0; i < group.Count; i++)
                {
                    ref readonly AeadPacket packet = ref packets[group.Index[i]];
                    Seal(key, packet.Counter, memory + packet.Offset, packet.Length);
                }
            }
        }
    }

    public static void Open(byte* key, byte* memory, Span<AeadPacket> packets)
    {
        Group group = default;
        for (; !packets.IsEmpty; packets = packets[Math.Min(64, packets.Length)..])
        {
            ulong waiting = All(packets.Length);
            while (TakeGroup(packets, ref waiting, ref group))
            {
                if (group.Count >= MinLanes)
                {
                    OpenGroup(key, memory, packets, ref group);
                    continue;
                }

                for (int i = 0; i < group.Count; i++)
                {
                    ref AeadPacket packet = ref packets[group.Index[i]];
                    packet.Authentic = TryOpen(key, packet.Counter, memory + packet.Offset, packet.Length);
                }
            }
        }
    }

    private static ulong All(int count) => count >= 64 ? ulong.MaxValue : (1UL << count) - 1;

    /// <summary>Up to eight packets of the length of the first that waits.</summary>
    private static bool TakeGroup(ReadOnlySpan<AeadPacket> packets, ref ulong waiting, ref Group group)
    {
        group.Count = 0;
        if (waiting == 0)
        {
            return false;
        }

        int length = packets[BitOperations.TrailingZeroCount(waiting)].Length;
        int most = length <= MaxLaneLength ? Lanes : 1;
        group.Length = length;
        for (ulong candidates = waiting; candidates != 0 && group.Count < most; candidates &= candidates - 1)
        {
            int index = BitOperations.TrailingZeroCount(candidates);
            if (packets[index].Length == length)
            {
                group.Index[group.Count++] = index;
                waiting &= ~(1UL << index);
            }
        }

        return true;
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SealGroup(byte* key, byte* memory, ReadOnlySpan<AeadPacket> packets, ref Group group)
    {
        byte* scratch = stackalloc byte[GroupScratch.Size + Block];
        var s = new GroupScratch(Align(scratch));
        byte* tags = stackalloc byte[Lanes * Aead.TagSize];
        s.Place(memory, packets, ref group);
        s.GenerateFirst(key);
        s.XorAndBegin(key, group.Length, group.Count);
        s.Tag(group.Length, tags);
        for (int i = 0; i < group.Count; i++)
        {
            Vector128.Load(tags + (Aead.TagSize * i)).Store(s.Data[i] + group.Length);
        }

        s.Clear();
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OpenGroup(byte* key, byte* memory, Span<AeadPacket> packets, ref Group group)
    {
        byte* scratch = stackalloc byte[GroupScratch.Size + Block];
        var s = new GroupScratch(Align(scratch));
        byte* tags = stackalloc byte[Lanes * Aead.TagSize];
        byte* streams = stackalloc byte[(Lanes * ChaCha20Vector512.Size) + Block];
        s.Place(memory, packets, ref group);
        s.GenerateFirst(key);
        bool begun = group.Length >= GroupScratch.MinBeside;
        if (begun)
        {
            s.GenerateAndBegin(key, group.Count, Align(streams));
        }

        s.Tag(group.Length, tags);

        // The authentic ones move up to the first places. Key stream of the others nobody gets to see: it would open the genuine packet.
        int authentic = 0;
        for (int i = 0; i < group.Count; i++)
        {
            ref AeadPacket packet = ref packets[group.Index[i]];
            packet.Authentic = AreEqual(tags + (Aead.TagSize * i), s.Data[i] + group.Length);
            if (packet.Authentic)
            {
                s.Move(i, authentic++);
            }
            else if (begun)
            {
                s.ClearStream(i);
            }
        }

        s.Xor(key, group.Length, authentic);
        s.Clear();
    }

    /// <summary>Packets of one length, by their index.</summary>
    private struct Group
    {
        public int Count;
        public int Length;
        public Indices Index;
    }

    [InlineArray(Lanes)]
    private struct Indices
    {
        private int _first;
    }
}
