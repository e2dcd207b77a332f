using WgNet.Linux;
using Xunit;

namespace WgNet.Unit.Linux;

public sealed class NativeBufferTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 16)]
    [InlineData(16, 0)]
    [InlineData(5, 11)]
    public void Slice_Inside_IsThatPart(int offset, int length)
    {
        using var buffer = new NativeBuffer(16);
        buffer.Slice(offset, length).Fill(1);
        Assert.Equal(length, buffer.Slice(offset, length).Length);
        Assert.Equal(length, buffer.Span.Count((byte)1));
        Assert.Equal(length == 0 ? -1 : offset, buffer.Span.IndexOf((byte)1));
    }

    [Theory]
    [InlineData(0, 17)]
    [InlineData(17, 0)]
    [InlineData(8, 9)]
    [InlineData(-1, 1)]
    [InlineData(-1, 0)]
    [InlineData(1, -1)]
    [InlineData(0, -1)]
    [InlineData(-8, 16)]
    [InlineData(16, -16)]
    [InlineData(int.MaxValue, 1)]
    [InlineData(1, int.MaxValue)]
    [InlineData(int.MaxValue, int.MaxValue)]
    [InlineData(int.MinValue, int.MinValue)]
    [InlineData(-1, -1)]
    [InlineData(int.MinValue, 16)]
    public unsafe void Slice_Outside_Throws(int offset, int length)
    {
        using var buffer = new NativeBuffer(16);
        Assert.Throws<ArgumentOutOfRangeException>(() => buffer.Slice(offset, length).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => (nint)buffer.Pointer(offset, length));
    }

    [Fact]
    public void Slice_OfDisposed_Throws()
    {
        var buffer = new NativeBuffer(16);
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => buffer.Slice(0, 16).Length);
        Assert.Throws<ObjectDisposedException>(() => buffer.Span.Length);
    }
}
