using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <content>
/// Batches. Long packets fill the vectors of ChaCha20 by themselves; short ones share them: any eight blocks of a group of
/// packets are made at once, first the MAC's key of each and then the key stream of all.
/// </content>
internal readonly unsafe partial struct AeadAvx2
{
    private const int MaxGroup = ChaCha20Avx2.Blocks;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Seal(byte* key, byte* memory, ReadOnlySpan<AeadPacket> packets)
    {
        Group group;
        group.SetKey(key);
        while (!packets.IsEmpty)
        {
            int count = PacketsForLanes(packets);
            if (count > 1)
            {
                SealLanes(key, memory, packets[..count]);
                packets = packets[count..];
                continue;
            }

            count = ShortPackets(packets);
            if (count < 2)
            {
                Seal(key, packets[0].Counter, memory + packets[0].Offset, packets[0].Length);
                packets = packets[1..];
                continue;
            }

            ReadOnlySpan<AeadPacket> together = packets[..count];
            group.MakeOneTimeKeys(together);
            group.Xor(memory, together, onlyAuthentic: false);
            for (int i = 0; i < count; i++)
            {
                byte* data = memory + together[i].Offset;
                TagShort(group.OneTimeKey(i), data, together[i].Length, data + together[i].Length);
            }

            packets = packets[count..];
        }

        group.Wipe();
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Open(byte* key, byte* memory, Span<AeadPacket> packets)
    {
        byte* tag = stackalloc byte[Aead.TagSize];
        Group group;
        group.SetKey(key);
        while (!packets.IsEmpty)
        {
            int count = PacketsForLanes(packets);
            if (count > 1)
            {
                OpenLanes(key, memory, packets[..count]);
                packets = packets[count..];
                continue;
            }

            count = ShortPackets(packets);
            if (count < 2)
            {
                packets[0].Authentic = TryOpen(key, packets[0].Counter, memory + packets[0].Offset, packets[0].Length);
                packets = packets[1..];
                continue;
            }

            Span<AeadPacket> together = packets[..count];
            group.MakeOneTimeKeys(together);
            for (int i = 0; i < count; i++)
            {
                byte* data = memory + together[i].Offset;
                TagShort(group.OneTimeKey(i), data, together[i].Length, tag);
                together[i].Authentic = (Vector128.Load(tag) ^ Vector128.Load(data + together[i].Length)) == Vector128<byte>.Zero;
            }

            group.Xor(memory, together, onlyAuthentic: true);
            packets = packets[count..];
        }

        group.Wipe();
    }

    // How many of the next packets are short, as far as they go into one group.
    private static int ShortPackets(ReadOnlySpan<AeadPacket> packets)
    {
        int count = 0;
        while (count < packets.Length && count < MaxGroup && packets[count].Length <= MaxShort)
        {
            count++;
        }

        return count;
    }

    // On the stack while a batch is worked on; see Scratch.
    private struct Group
    {
        private const int OneTimeKeysOffset = ChaCha20Avx2.StateLength * 32;
        private const int KeyStreamOffset = OneTimeKeysOffset + ChaCha20Avx2.Size;

        private fixed byte _memory[KeyStreamOffset + ChaCha20Avx2.Size + Line - 1];
        private fixed uint _blocks[ChaCha20Avx2.Blocks];
        private fixed uint _countersLow[ChaCha20Avx2.Blocks];
        private fixed uint _countersHigh[ChaCha20Avx2.Blocks];
        private fixed ulong _places[ChaCha20Avx2.Blocks];
        private fixed int _lengths[ChaCha20Avx2.Blocks];

        private Vector256<uint>* State => (Vector256<uint>*)Start;

        private byte* KeyStreamBuffer => Start + KeyStreamOffset;

        private byte* Start => AtLine((byte*)Unsafe.AsPointer(ref _memory[0]));

        public void SetKey(byte* key)
        {
            this = default;
            ChaCha20Avx2.SetKey(State, key);
        }

        public byte* OneTimeKey(int index) => Start + OneTimeKeysOffset + (index * ChaCha20Scalar.BlockSize);

        // Block 0 of each packet.
        public void MakeOneTimeKeys(ReadOnlySpan<AeadPacket> packets)
        {
            for (int i = 0; i < packets.Length; i++)
            {
                SetLane(i, 0, packets[i].Counter);
            }

            Run(OneTimeKey(0));
        }

        // The other blocks, eight at a time, whichever packet they belong to.
        public void Xor(byte* memory, ReadOnlySpan<AeadPacket> packets, bool onlyAuthentic)
        {
            int lane = 0;
            foreach (ref readonly AeadPacket packet in packets)
            {
                if (onlyAuthentic && !packet.Authentic)
                {
                    continue;
                }

                uint block = 1;
                for (int done = 0; done < packet.Length; done += ChaCha20Scalar.BlockSize, block++)
                {
                    SetLane(lane, block, packet.Counter);
                    _places[lane] = (ulong)(memory + packet.Offset + done);
                    _lengths[lane] = Math.Min(packet.Length - done, ChaCha20Scalar.BlockSize);
                    if (++lane == ChaCha20Avx2.Blocks)
                    {
                        XorLanes(lane);
                        lane = 0;
                    }
                }
            }

            if (lane > 0)
            {
                XorLanes(lane);
            }
        }

        // The key stream, too: lanes not in use may have made a packet's key for the MAC again.
        public void Wipe() => CryptographicOperations.ZeroMemory(new Span<byte>(Start, KeyStreamOffset + ChaCha20Avx2.Size));

        private void SetLane(int lane, uint block, ulong counter)
        {
            _blocks[lane] = block;
            _countersLow[lane] = (uint)counter;
            _countersHigh[lane] = (uint)(counter >> 32);
        }

        // Lanes that are not in use make key stream that nobody reads: of whatever packets they were set to before.
        private void XorLanes(int count)
        {
            Run(KeyStreamBuffer);
            for (int i = 0; i < count; i++)
            {
                KeyStream.Xor((byte*)_places[i], KeyStreamBuffer + (i * ChaCha20Scalar.BlockSize), _lengths[i]);
            }
        }

        private void Run(byte* output)
        {
            ChaCha20Avx2.SetLanes(
                State,
                Vector256.LoadUnsafe(ref _blocks[0]),
                Vector256.LoadUnsafe(ref _countersLow[0]),
                Vector256.LoadUnsafe(ref _countersHigh[0]));
            Poly1305Words none = default;
            ChaCha20Avx2.Run(State, output, output + First, xor: false, &none, output, macBlocks: 0);
        }
    }
}
