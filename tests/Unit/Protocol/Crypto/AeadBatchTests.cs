using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol.Crypto;

public sealed class AeadBatchTests
{
    public static TheoryData<AeadKernel> Kernels => AeadKernels.Supported;

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Seal_AnyShapeOfBatch_AgreesWithLibsodiumAndTouchesNothingElse(AeadKernel kernel)
    {
        var random = new Random(5);
        for (int i = 0; i < 400; i++)
        {
            var batch = new Batch(random, Shape(random));
            byte[] expected = [.. batch.Memory];
            foreach (AeadPacket packet in batch.Packets)
            {
                AeadKernels.SealedBySodium(batch.Key, packet.Counter, batch.Plaintext(packet)).CopyTo(expected, packet.Offset);
            }

            Aead.Seal(kernel, batch.Key, batch.Memory, batch.Packets);

            Assert.Equal(expected, batch.Memory);
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Open_AnyShapeOfBatchWithForgeries_OpensTheOthersAndLeavesThose(AeadKernel kernel)
    {
        var random = new Random(6);
        int forged = 0;
        for (int i = 0; i < 400; i++)
        {
            var batch = new Batch(random, Shape(random));
            byte[] expected = [.. batch.Memory];
            bool[] authentic = new bool[batch.Packets.Length];
            for (int j = 0; j < authentic.Length; j++)
            {
                AeadPacket packet = batch.Packets[j];
                byte[] sealedData = AeadKernels.SealedBySodium(batch.Key, packet.Counter, batch.Plaintext(packet));
                authentic[j] = random.Next(3) != 0;
                if (!authentic[j])
                {
                    sealedData[random.Next(sealedData.Length)] ^= (byte)(1 << random.Next(8));
                    sealedData.CopyTo(expected, packet.Offset);
                    forged++;
                }

                sealedData.CopyTo(batch.Memory, packet.Offset);
                sealedData.AsSpan(packet.Length).CopyTo(expected.AsSpan(packet.Offset + packet.Length));
                batch.Packets[j].Authentic = !authentic[j];
            }

            Aead.Open(kernel, batch.Key, batch.Memory, batch.Packets);

            Assert.Equal(authentic, batch.Packets.Select(packet => packet.Authentic));
            Assert.Equal(expected, batch.Memory);
        }

        Assert.True(forged > 100, $"{forged} forged");
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Open_OneForgeryInEachPosition_DisturbsNoNeighbour(AeadKernel kernel)
    {
        var random = new Random(7);
        for (int count = 1; count <= 17; count++)
        {
            for (int forged = 0; forged < count; forged++)
            {
                var batch = new Batch(random, Enumerable.Repeat(forged % 2 == 0 ? 200 : 1424, count));
                byte[] plain = [.. batch.Memory];
                Aead.Seal(AeadKernel.Scalar, batch.Key, batch.Memory, batch.Packets);
                AeadPacket victim = batch.Packets[forged];
                batch.Memory[victim.Offset + victim.Length + random.Next(16)] ^= 0x10;
                byte[] before = [.. batch.Memory];

                Aead.Open(kernel, batch.Key, batch.Memory, batch.Packets);

                for (int i = 0; i < count; i++)
                {
                    AeadPacket packet = batch.Packets[i];
                    Assert.Equal(i != forged, packet.Authentic);
                    Assert.Equal(
                        (i == forged ? before : plain)[packet.Offset..(packet.Offset + packet.Length)],
                        batch.Memory[packet.Offset..(packet.Offset + packet.Length)]);
                }
            }
        }
    }

    // Where kernels change from one way to another: short packets, eight blocks, what is made ahead of a verdict, longer ones.
    [Theory]
    [MemberData(nameof(Kernels))]
    public void SealAndOpen_EqualLengthsAroundEachBoundary_AgreesWithLibsodium(AeadKernel kernel)
    {
        var random = new Random(12);
        int[] lengths = [.. new[] { 192, 448, 512, 960, 1088, 1472, 1984, 4096 }.SelectMany(length => new[] { length - 16, length - 1, length, length + 1, length + 16 })];
        foreach (int length in lengths)
        {
            for (int count = 2; count <= 9; count++)
            {
                var batch = new Batch(random, Enumerable.Repeat(length, count));
                byte[] plain = [.. batch.Memory], expected = [.. batch.Memory];
                foreach (AeadPacket packet in batch.Packets)
                {
                    AeadKernels.SealedBySodium(batch.Key, packet.Counter, batch.Plaintext(packet)).CopyTo(expected, packet.Offset);
                }

                Aead.Seal(kernel, batch.Key, batch.Memory, batch.Packets);
                Assert.Equal(expected, batch.Memory);

                Aead.Open(kernel, batch.Key, batch.Memory, batch.Packets);
                foreach (AeadPacket packet in batch.Packets)
                {
                    Assert.True(packet.Authentic, $"length {length}, {count} packets");
                    Assert.Equal(plain.AsSpan(packet.Offset, length), batch.Plaintext(packet));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void SealAndOpen_EmptyBatch_DoNothing(AeadKernel kernel)
    {
        byte[] memory = new byte[100];
        Aead.Seal(kernel, new byte[32], memory, []);
        Aead.Open(kernel, new byte[32], memory, []);
        Assert.Equal(new byte[100], memory);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void SealAndOpen_ManyBatches_AllocateNothing(AeadKernel kernel)
    {
        var batch = new Batch(new Random(8), [1420, 1420, 1420, 700, 64, 64, 0]);
        long Allocated()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                Aead.Seal(kernel, batch.Key, batch.Memory, batch.Packets);
                Aead.Open(kernel, batch.Key, batch.Memory, batch.Packets);
                Aead.Seal(kernel, batch.Key, 1, batch.Memory);
                Aead.TryOpen(kernel, batch.Key, 1, batch.Memory);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Allocated();
        Assert.Equal(0, Allocated());
    }

    /// <summary>Segments of one packet, as a super-packet makes them; a mixture; or many of a few lengths.</summary>
    private static IEnumerable<int> Shape(Random random)
    {
        int count = random.Next(1, 40);
        int length = random.Next(3) switch { 0 => random.Next(70), 1 => random.Next(300), _ => random.Next(2000) };
        int last = random.Next(length + 1);
        return random.Next(3) switch
        {
            0 => [.. Enumerable.Repeat(length, count), last],
            1 => [.. Enumerable.Range(0, count).Select(_ => random.Next(1500))],
            _ => [.. Enumerable.Range(0, count).Select(_ => random.Next(3) * 16)],
        };
    }

    /// <summary>Packets in shuffled places of one memory, with bytes between them that belong to nobody.</summary>
    private sealed class Batch
    {
        public Batch(Random random, IEnumerable<int> lengths)
        {
            Packets = [.. lengths.Select(length => new AeadPacket { Length = length })];
            int offset = random.Next(40);
            foreach (int i in Enumerable.Range(0, Packets.Length).OrderBy(_ => random.Next()).ToArray())
            {
                Packets[i].Offset = offset;
                Packets[i].Counter = (1UL << 32) - 5 + (ulong)i;
                offset += Packets[i].Length + Aead.TagSize + random.Next(40);
            }

            Memory = new byte[offset + random.Next(3)];
            AeadKernels.Fill(random, Memory);
            AeadKernels.Fill(random, Key);
        }

        public byte[] Key { get; } = new byte[32];

        public byte[] Memory { get; }

        public AeadPacket[] Packets { get; }

        public ReadOnlySpan<byte> Plaintext(AeadPacket packet) => Memory.AsSpan(packet.Offset, packet.Length);
    }
}
