using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace WgNet.Protocol;

/// <content>
/// Three or four packets of one length, as the segments of a super-packet are: key stream for one after the other, then the rest of
/// the MAC for all at once, a packet a lane.
/// </content>
internal readonly unsafe partial struct AeadAvx2
{
    private const int Lanes = Poly1305Avx2Lanes.Lanes;

    // Two alone cost less than four lanes.
    private const int MinLanes = 3;

    // How many of the next packets can go together: longer ones have more key stream than is made ahead.
    private static int PacketsForLanes(ReadOnlySpan<AeadPacket> packets)
    {
        int length = packets[0].Length, count = 1;
        if (length is <= MaxShort or > Ahead)
        {
            return 1;
        }

        while (count < packets.Length && count < Lanes && packets[count].Length == length)
        {
            count++;
        }

        return count >= MinLanes ? count : 1;
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SealLanes(byte* key, byte* memory, ReadOnlySpan<AeadPacket> packets)
    {
        LaneScratch scratch;
        ChaCha20Avx2.SetKey(scratch.State, key);
        int length = packets[0].Length, authenticated = 0;
        for (int i = 0; i < packets.Length; i++)
        {
            scratch.Data[i] = memory + packets[i].Offset;
            authenticated = XorAndBegin(
                scratch.State, scratch.KeyStream(0), packets[i].Counter, scratch.Data[i], length, scratch.OneTimeKey(i), scratch.Macs + i);
        }

        scratch.FillLanes(packets.Length);
        Poly1305Avx2Lanes.Finish(scratch.Macs, scratch.OneTimeKey(0), scratch.Data, length, authenticated, scratch.Tag(0));
        for (int i = 0; i < packets.Length; i++)
        {
            Vector128.Load(scratch.Tag(i)).Store(scratch.Data[i] + length);
        }

        scratch.Wipe();
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OpenLanes(byte* key, byte* memory, Span<AeadPacket> packets)
    {
        LaneScratch scratch;
        ChaCha20Avx2.SetKey(scratch.State, key);
        int length = packets[0].Length, authenticated = 0;
        for (int i = 0; i < packets.Length; i++)
        {
            scratch.Data[i] = memory + packets[i].Offset;
            authenticated = GenerateAndBegin(
                scratch.State, scratch.KeyStream(i), packets[i].Counter, scratch.Data[i], length, scratch.OneTimeKey(i), scratch.Macs + i);
        }

        scratch.FillLanes(packets.Length);
        Poly1305Avx2Lanes.Finish(scratch.Macs, scratch.OneTimeKey(0), scratch.Data, length, authenticated, scratch.Tag(0));
        for (int i = 0; i < packets.Length; i++)
        {
            packets[i].Authentic = (Vector128.Load(scratch.Tag(i)) ^ Vector128.Load(scratch.Data[i] + length)) == Vector128<byte>.Zero;
            if (packets[i].Authentic)
            {
                KeyStream.Xor(scratch.Data[i], scratch.KeyStream(i), length);
            }
            else
            {
                // Nobody gets to see it: it would open the genuine packet.
                CryptographicOperations.ZeroMemory(new Span<byte>(scratch.KeyStream(i), Ahead));
            }
        }

        scratch.Wipe();
    }

    // On the stack while four packets are worked on; see Scratch.
    private struct LaneScratch
    {
        private const int OneTimeKeyOffset = ChaCha20Avx2.StateLength * 32;
        private const int MacOffset = OneTimeKeyOffset + (Lanes * ChaCha20Scalar.BlockSize);
        private const int DataOffset = MacOffset + (Lanes * Poly1305Words.Size);
        private const int TagOffset = DataOffset + (Lanes * sizeof(ulong));
        private const int KeyStreamOffset = TagOffset + (Lanes * Aead.TagSize);

        private fixed byte _memory[KeyStreamOffset + (Lanes * Ahead) + Line - 1];

        public Vector256<uint>* State => (Vector256<uint>*)Start;

        public Poly1305Words* Macs => (Poly1305Words*)(Start + MacOffset);

        public byte** Data => (byte**)(Start + DataOffset);

        private byte* Start => AtLine((byte*)Unsafe.AsPointer(ref _memory[0]));

        public byte* OneTimeKey(int lane) => Start + OneTimeKeyOffset + (lane * ChaCha20Scalar.BlockSize);

        public byte* Tag(int lane) => Start + TagOffset + (lane * Aead.TagSize);

        public byte* KeyStream(int lane) => Start + KeyStreamOffset + (lane * Ahead);

        // A lane without a packet does as the first; nobody looks at its tag.
        public void FillLanes(int from)
        {
            for (int i = from; i < Lanes; i++)
            {
                Data[i] = Data[0];
                Macs[i] = Macs[0];
                Unsafe.CopyBlockUnaligned(OneTimeKey(i), OneTimeKey(0), ChaCha20Scalar.BlockSize);
            }
        }

        public void Wipe() => CryptographicOperations.ZeroMemory(new Span<byte>(Start, DataOffset));
    }
}
