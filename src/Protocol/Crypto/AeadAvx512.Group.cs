using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <content>The memory in which a group of up to eight packets is worked on: key stream, and which block goes to which lane.</content>
internal readonly unsafe partial struct AeadAvx512
{
    /// <summary>Pointers into one piece of the caller's stack.</summary>
    private readonly struct GroupScratch(byte* memory)
    {
        public const int Size = LanesOffset + (ChaCha20Vector512.Blocks * (8 + 4 + 4 + 4));

        private const int FirstOffset = Lanes * Block;
        private const int TailsOffset = FirstOffset + (Lanes * Block);
        private const int DataOffset = TailsOffset + (Lanes * Block);
        private const int CountersOffset = DataOffset + (Lanes * 8);
        private const int LanesOffset = CountersOffset + (Lanes * 8);

        /// <summary>Block 0 of each packet, and behind them block 1.</summary>
        public byte* OneTimeKeys => memory;

        /// <summary>Where each packet lies. Lanes without a packet of their own share the first.</summary>
        public byte** Data => (byte**)(memory + DataOffset);

        private byte* First => memory + FirstOffset;

        private byte* Tails => memory + TailsOffset;

        private ulong* Counters => (ulong*)(memory + CountersOffset);

        // What ChaCha20's lanes work on next: the block's place, its number, its packet's counter.
        private byte** LaneTarget => (byte**)(memory + LanesOffset);

        private uint* LaneBlock => (uint*)(LaneTarget + ChaCha20Vector512.Blocks);

        private uint* LaneCounterLow => LaneBlock + ChaCha20Vector512.Blocks;

        private uint* LaneCounterHigh => LaneCounterLow + ChaCha20Vector512.Blocks;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Place(byte* packetMemory, ReadOnlySpan<AeadPacket> packets, ref Group group)
        {
            for (int i = 0; i < Lanes; i++)
            {
                ref readonly AeadPacket packet = ref packets[group.Index[i < group.Count ? i : 0]];
                Data[i] = packetMemory + packet.Offset;
                Counters[i] = packet.Counter;
            }
        }

        /// <summary>Blocks 0 and 1 of all eight.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void GenerateFirst(byte* key)
        {
            Vector512<ulong> counters = Vector512.Load(Counters);
            Vector256<uint> low = Avx512F.ConvertToVector256UInt32(counters), high = Avx512F.ConvertToVector256UInt32(counters >>> 32);
            ChaCha20Vector512.Generate(
                key,
                Vector512.Create(Vector256<uint>.Zero, Vector256<uint>.One),
                Vector512.Create(low, low),
                Vector512.Create(high, high),
                new KeyStreamSink512(memory));
        }

        /// <summary>Packet <paramref name="from"/> takes the place of packet <paramref name="to"/>.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Move(int from, int to)
        {
            Data[to] = Data[from];
            Counters[to] = Counters[from];
            Vector512.Load(First + (Block * from)).Store(First + (Block * to));
        }

        /// <summary>The first <paramref name="count"/> packets ^= their key stream.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Xor(byte* key, int length, int count)
        {
            for (int i = 0; i < count; i++)
            {
                MaskedVector512.Xor(Data[i], First + (Block * i), Math.Min(length, Block));
            }

            if (length <= Block)
            {
                return;
            }

            int filled = 0;
            int tail = length % Block;
            Vector512<byte> mask = MaskedVector512.First(tail);
            for (int i = 0; i < count; i++)
            {
                byte* data = Data[i] + Block;
                byte* end = Data[i] + (length - tail);
                uint block = 2;
                for (; end - data >= ChaCha20Vector512.Size; data += ChaCha20Vector512.Size, block += ChaCha20Vector512.Blocks)
                {
                    ChaCha20Vector512.Generate(key, block, Counters[i], new XorSink512(data));
                }

                for (; data < end; data += Block)
                {
                    FillLane(key, ref filled, data, block++, Counters[i]);
                }

                if (tail > 0)
                {
                    byte* copy = Tails + (Block * i);
                    MaskedVector512.Load(data, mask).Store(copy);
                    FillLane(key, ref filled, copy, block, Counters[i]);
                }
            }

            if (filled > 0)
            {
                // The lanes that are left work on what is no longer needed.
                for (; filled < ChaCha20Vector512.Blocks; filled++)
                {
                    LaneTarget[filled] = First;
                }

                RunLanes(key);
            }

            for (int i = 0; i < count && tail > 0; i++)
            {
                MaskedVector512.Store(Data[i] + (length - tail), mask, Vector512.Load(Tails + (Block * i)));
            }
        }

        /// <summary>One-time keys, key stream, and tails of plaintext.</summary>
        public void Clear() => CryptographicOperations.ZeroMemory(new Span<byte>(memory, DataOffset));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void FillLane(byte* key, ref int filled, byte* target, uint block, ulong counter)
        {
            int lane = filled++;
            LaneTarget[lane] = target;
            LaneBlock[lane] = block;
            LaneCounterLow[lane] = (uint)counter;
            LaneCounterHigh[lane] = (uint)(counter >> 32);
            if (filled == ChaCha20Vector512.Blocks)
            {
                filled = 0;
                RunLanes(key);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void RunLanes(byte* key) => ChaCha20Vector512.Generate(
            key, Vector512.Load(LaneBlock), Vector512.Load(LaneCounterLow), Vector512.Load(LaneCounterHigh), new ScatteredXorSink512(LaneTarget));
    }
}
