using System.Runtime.InteropServices;
using WgNet.Linux;
using WgNet.Udp;
using Xunit;

namespace WgNet.Unit.Linux;

public sealed class ControlMessageTests
{
    [Fact]
    public void TryNext_WrittenMessages_AreReadInOrder()
    {
        byte[] bytes = new byte[128];
        var writer = new ControlWriter(bytes);
        writer.Add(ControlMessage.SOL_UDP, ControlMessage.UDP_SEGMENT, 2)[0] = 9;
        writer.AddInt32(ControlMessage.SOL_IPV6, ControlMessage.IPV6_TCLASS, 3);
        Assert.Equal(48, writer.Length);

        var reader = new ControlReader(bytes.AsSpan(0, writer.Length));
        Assert.True(reader.TryNext());
        Assert.Equal((17, 103, 2, 9), (reader.Level, reader.Type, reader.Data.Length, reader.Data[0]));
        Assert.True(reader.TryNext());
        Assert.Equal((41, 67, 3), (reader.Level, reader.Type, MemoryMarshal.Read<int>(reader.Data)));
        Assert.False(reader.TryNext());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(15)]
    [InlineData(25)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    public void TryNext_LengthThatCannotBe_EndsTheWalk(long length)
    {
        byte[] bytes = new byte[24];
        MemoryMarshal.Write(bytes, in length);
        var reader = new ControlReader(bytes);
        Assert.False(reader.TryNext());
    }

    [Fact]
    public void Read_RandomBytes_NeverFails()
    {
        var random = new Random(1);
        byte[] bytes = new byte[128];
        for (int i = 0; i < 100_000; i++)
        {
            random.NextBytes(bytes);

            // Plausible lengths, levels and types, or the walk would end at once.
            for (int at = 0; at + 16 <= bytes.Length; at += 24)
            {
                long length = random.Next(14, 40);
                int level = random.Next(3) switch { 0 => 0, 1 => 17, _ => 41 };
                int type = random.Next(4) switch { 0 => 104, 1 => 8, 2 => 50, _ => 67 };
                MemoryMarshal.Write(bytes.AsSpan(at), in length);
                MemoryMarshal.Write(bytes.AsSpan(at + 8), in level);
                MemoryMarshal.Write(bytes.AsSpan(at + 12), in type);
            }

            ReceivedControl control = ReceivedControl.Read(bytes.AsSpan(0, random.Next(bytes.Length)));
            Assert.InRange(control.Ecn, 0, 3);
            Assert.True(control.LocalAddress.Length is 0 or 4 or 16);
        }
    }
}
