using System.Buffers.Binary;
using System.Net;
using WgNet.Device;
using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol.Cookies;

public class RateLimiterTests
{
    private const long Millisecond = 1_000_000;

    private readonly SodiumPrimitives _primitives = new();

    [Fact]
    public void TryTake_Burst_AllowsFiveThenTwentyASecond()
    {
        var limiter = new RateLimiter(_primitives);
        byte[] source = Source("192.0.2.1", 1);

        Assert.Equal(5, Enumerable.Range(0, 10).Count(_ => limiter.TryTake(source, 0)));
        Assert.False(limiter.TryTake(source, (50 * Millisecond) - 1));
        Assert.True(limiter.TryTake(source, 50 * Millisecond));
        Assert.False(limiter.TryTake(source, 50 * Millisecond));
    }

    [Fact]
    public void TryTake_FloodForTenSeconds_AllowsTwentyASecond()
    {
        var limiter = new RateLimiter(_primitives);
        byte[] source = Source("192.0.2.1", 1);
        int allowed = Enumerable.Range(0, 10_000).Count(ms => limiter.TryTake(source, ms * Millisecond));
        Assert.InRange(allowed, 200, 205);
    }

    [Fact]
    public void TryTake_AfterRefusalsAndQuiet_HasAFullBurstButNoMore()
    {
        var limiter = new RateLimiter(_primitives);
        byte[] source = Source("192.0.2.1", 1);
        while (limiter.TryTake(source, 0))
        {
        }

        Assert.Equal(5, Enumerable.Range(0, 10).Count(_ => limiter.TryTake(source, 250 * Millisecond)));
        Assert.Equal(5, Enumerable.Range(0, 10).Count(_ => limiter.TryTake(source, 100_000 * Millisecond)));
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", true)]                      // another port of one address
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true)]     // one /64
    [InlineData("2001:db8:0:1::1", "2001:db8:0:2::1", false)]
    [InlineData("0.0.0.1", "0:0:0:1::", false)]                       // equal numbers, different families
    public void TryTake_TwoSources_ShareABucketOrNot(string first, string second, bool shared)
    {
        var limiter = new RateLimiter(_primitives);
        while (limiter.TryTake(Source(first, 1), 0))
        {
        }

        Assert.Equal(!shared, limiter.TryTake(Source(second, 2), 0));
    }

    [Fact]
    public void TryTake_FloodOfSources_StaysBoundedAndRefusesNewOnes()
    {
        var limiter = new RateLimiter(_primitives, maxSources: 1000);
        byte[] source = new byte[6];
        int allowed = 0;
        for (int i = 0; i < 5000; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(source, i);
            allowed += limiter.TryTake(source, i) ? 1 : 0;
        }

        Assert.Equal(1000, allowed);
        Assert.Equal(1000, limiter.Count);

        // Who was there before is served as ever; and once the flood is over, everybody is.
        BinaryPrimitives.WriteInt32BigEndian(source, 7);
        Assert.True(limiter.TryTake(source, Millisecond));
        Assert.True(limiter.TryTake(Source("192.0.2.1", 1), 500 * Millisecond));
        Assert.Equal(1, limiter.Count);
    }

    [Fact]
    public void TryTake_ManySourcesComeAndGo_AgreesWithPlainBuckets()
    {
        const long Full = 250 * Millisecond;
        const long Cost = 50 * Millisecond;
        var random = new Random(1);
        var limiter = new RateLimiter(_primitives);
        var buckets = new Dictionary<int, (long Tokens, long Last)>();
        byte[] source = new byte[18];
        int refused = 0;
        long now = 0;
        for (int i = 0; i < 100_000; i++)
        {
            now += random.Next(20) == 0 ? random.Next(30) * Millisecond : random.Next(1000);
            int id = random.Next(random.Next(2) == 0 ? 20 : 3000);
            BinaryPrimitives.WriteInt32BigEndian(source.AsSpan(4), id);

            (long tokens, long last) = buckets.GetValueOrDefault(id, (Full, now));
            tokens = Math.Min(Full, tokens + now - last);
            bool expected = tokens >= Cost;
            refused += expected ? 0 : 1;
            buckets[id] = (expected ? tokens - Cost : tokens, now);

            Assert.Equal(expected, limiter.TryTake(source, now));
        }

        Assert.InRange(refused, 1000, 99_000);
        Assert.True(limiter.Count < buckets.Count);
    }

    [Fact]
    public void TryTake_KnownSource_AllocatesNothing()
    {
        var limiter = new RateLimiter(_primitives);
        byte[] source = Source("192.0.2.1", 1);
        limiter.TryTake(source, 0);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            limiter.TryTake(source, i * Millisecond);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static byte[] Source(string address, ushort port)
    {
        byte[] bytes = IPAddress.Parse(address).GetAddressBytes();
        return [.. bytes, (byte)(port >> 8), (byte)port];
    }
}
