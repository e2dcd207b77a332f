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
        /// <summary>Packets of this length have their first block and then sixteen more of their own.</summary>
        public const int MinBeside = Block + ChaCha20Vector512.Size;

        public const int Size = LanesOffset + (ChaCha20Vector512.Blocks * (8 + 4 + 4 + 4));

        private const int None = -1;

        private const int FirstOffset = Lanes * Block;
        private const int TailsOffset = FirstOffset + (Lanes * Block);
        private const int BegunOffset = TailsOffset + (Lanes * Block);
        private const int DataOffset = BegunOffset + (3 * Block);
        private const int StreamsOffset = DataOffset + (Lanes * 8);
        private const int CountersOffset = StreamsOffset + (Lanes * 8);
        private const int LanesOffset = CountersOffset + (Lanes * 8);

        /// <summary>Block 0 of each packet, and behind them block 1.</summary>
        public byte* OneTimeKeys => memory;

        /// <summary>Where each packet lies. Lanes without a packet of their own share the first.</summary>
        public byte** Data => (byte**)(memory + DataOffset);

        /// <summary>What the MAC has taken in of each packet: the three words, eight packets a vector.</summary>
        public Vector512<ulong>* Begun => (Vector512<ulong>*)(memory + BegunOffset);

        private byte* First => memory + FirstOffset;

        private byte* Tails => memory + TailsOffset;

        // Opening: where each packet's key stream waits, from block 2 on.
        private byte** Streams => (byte**)(memory + StreamsOffset);

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

            new Span<byte>(Begun, 3 * Block).Clear();
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
            Streams[to] = Streams[from];
            Vector512.Load(First + (Block * from)).Store(First + (Block * to));
        }

        /// <summary>
        /// Sealing: the packets ^= their key stream. Of packets that are long enough, the MAC takes in <see cref="MacAhead"/> bytes,
        /// each packet's while key stream for the next is made.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void XorAndBegin(byte* key, int length, int count)
        {
            XorFirst(length, count);
            int behind = None;
            for (int i = 0; i < count && length >= MinBeside; i++)
            {
                var sink = new XorSink512(Data[i] + Block);
                if (behind == None)
                {
                    ChaCha20Vector512.Generate(key, 2, Counters[i], sink);
                }
                else
                {
                    Poly1305Words mac = Begin(behind);
                    ChaCha20Vector512.Generate(key, 2, Counters[i], sink, &mac, Data[behind]);
                    Keep(ref mac, behind);
                }

                behind = i;
                XorRuns(key, length, i);
            }

            XorRest(key, length, count, behind);
        }

        /// <summary>Opening: the MAC takes in <see cref="MacAhead"/> bytes of each packet while its key stream is made, which waits.</summary>
        /// <param name="streams">Room for it, <see cref="ChaCha20Vector512.Size"/> a packet.</param>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void GenerateAndBegin(byte* key, int count, byte* streams)
        {
            for (int i = 0; i < count; i++)
            {
                Streams[i] = streams + (ChaCha20Vector512.Size * i);
                Poly1305Words mac = Begin(i);
                ChaCha20Vector512.Generate(key, 2, Counters[i], new KeyStreamSink512(Streams[i]), &mac, Data[i]);
                Keep(ref mac, i);
            }
        }

        /// <summary>All eight tags, 16 bytes each.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Tag(int length, byte* tags) =>
            Poly1305Lanes512.Tag(OneTimeKeys, Data, length, Begun, length >= MinBeside ? MacAhead : 0, tags);

        /// <summary>Opening: the first <paramref name="count"/> packets ^= their key stream.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Xor(byte* key, int length, int count)
        {
            XorFirst(length, count);
            for (int i = 0; i < count && length >= MinBeside; i++)
            {
                MaskedVector512.Xor(Data[i] + Block, Streams[i], ChaCha20Vector512.Size);
                XorRuns(key, length, i);
            }

            XorRest(key, length, count, None);
        }

        /// <summary>One-time keys, key stream, and tails of plaintext.</summary>
        public void Clear() => CryptographicOperations.ZeroMemory(new Span<byte>(memory, DataOffset));

        public void ClearStream(int index) => CryptographicOperations.ZeroMemory(new Span<byte>(Streams[index], ChaCha20Vector512.Size));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void XorFirst(int length, int count)
        {
            for (int i = 0; i < count; i++)
            {
                MaskedVector512.Xor(Data[i], First + (Block * i), Math.Min(length, Block));
            }
        }

        // Sixteen blocks at a time, those behind the first sixteen.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void XorRuns(byte* key, int length, int index)
        {
            uint block = 2 + ChaCha20Vector512.Blocks;
            for (int done = MinBeside; length - done >= ChaCha20Vector512.Size; done += ChaCha20Vector512.Size, block += ChaCha20Vector512.Blocks)
            {
                ChaCha20Vector512.Generate(key, block, Counters[index], new XorSink512(Data[index] + done));
            }
        }

        // What is less than sixteen blocks of each packet shares lanes.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void XorRest(byte* key, int length, int count, int behind)
        {
            int filled = 0;
            int tail = length % Block;
            int first = Math.Max(0, length - Block) / ChaCha20Vector512.Size * ChaCha20Vector512.Size + Block;
            Vector512<byte> mask = MaskedVector512.First(tail);
            for (int i = 0; i < count && first < length; i++)
            {
                byte* data = Data[i] + first;
                byte* end = Data[i] + (length - tail);
                uint block = 1 + ((uint)first / Block);
                for (; data < end; data += Block)
                {
                    FillLane(key, ref filled, ref behind, data, block++, Counters[i]);
                }

                if (tail > 0)
                {
                    byte* copy = Tails + (Block * i);
                    MaskedVector512.Load(data, mask).Store(copy);
                    FillLane(key, ref filled, ref behind, copy, block, Counters[i]);
                }
            }

            if (filled > 0)
            {
                // The lanes that are left work on what is no longer needed.
                for (; filled < ChaCha20Vector512.Blocks; filled++)
                {
                    LaneTarget[filled] = First;
                }

                RunLanes(key, ref behind);
            }

            for (int i = 0; i < count && first < length && tail > 0; i++)
            {
                MaskedVector512.Store(Data[i] + (length - tail), mask, Vector512.Load(Tails + (Block * i)));
            }

            if (behind != None)
            {
                Poly1305Words mac = Begin(behind);
                mac.Absorb(Data[behind], ChaCha20Vector512.MacBlocks);
                Keep(ref mac, behind);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void FillLane(byte* key, ref int filled, ref int behind, byte* target, uint block, ulong counter)
        {
            int lane = filled++;
            LaneTarget[lane] = target;
            LaneBlock[lane] = block;
            LaneCounterLow[lane] = (uint)counter;
            LaneCounterHigh[lane] = (uint)(counter >> 32);
            if (filled == ChaCha20Vector512.Blocks)
            {
                filled = 0;
                RunLanes(key, ref behind);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void RunLanes(byte* key, ref int behind)
        {
            Vector512<uint> block = Vector512.Load(LaneBlock), low = Vector512.Load(LaneCounterLow), high = Vector512.Load(LaneCounterHigh);
            var sink = new ScatteredXorSink512(LaneTarget);
            if (behind == None)
            {
                ChaCha20Vector512.Generate(key, block, low, high, sink);
                return;
            }

            Poly1305Words mac = Begin(behind);
            ChaCha20Vector512.Generate(key, block, low, high, sink, &mac, Data[behind]);
            Keep(ref mac, behind);
            behind = None;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private Poly1305Words Begin(int index) => new(OneTimeKeys + (Block * index));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Keep(ref Poly1305Words mac, int index)
        {
            ulong* words = (ulong*)Begun + index;
            words[0] = mac.H0;
            words[Lanes] = mac.H1;
            words[2 * Lanes] = mac.H2;
            mac = default;
        }
    }
}
