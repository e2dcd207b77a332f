using System.Runtime;
using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol.Crypto;

public sealed class AeadWarmUpTests
{
    [Fact]
    public void Run_Once_LeavesNothingToCompileForTheFirstPackets()
    {
        AeadWarmUp.Run();
        byte[] key = new byte[Aead.KeySize];
        foreach (int length in (int[])[0, 32, 100, 600, 1420])
        {
            byte[] memory = new byte[20 * (length + Aead.TagSize)];
            var packets = new AeadPacket[20];
            for (int i = 0; i < packets.Length; i++)
            {
                packets[i] = new AeadPacket { Offset = i * (length + Aead.TagSize), Length = length, Counter = (ulong)i };
            }

            TimeSpan before = JitInfo.GetCompilationTime(currentThread: true);
            Aead.Seal(key, 7, default, memory.AsSpan(0, length + Aead.TagSize));
            Aead.Seal(key, memory, packets);
            Aead.Open(key, memory, packets);
            // Small methods of this test alone.
            Assert.InRange(JitInfo.GetCompilationTime(currentThread: true) - before, TimeSpan.Zero, TimeSpan.FromMilliseconds(3));
            Assert.All(packets, packet => Assert.True(packet.Authentic));
        }
    }
}
