using System.Net;
using WgNet.Routing;
using Xunit;

namespace WgNet.Unit.Routing;

public sealed class AllowedIpsTests
{
    private readonly AllowedIps<string> _table = new();

    [Theory]
    [InlineData("192.168.4.4", "b")]
    [InlineData("192.168.4.5", "a")]
    [InlineData("192.168.200.182", "c")]
    [InlineData("192.95.5.68", "d")]
    [InlineData("192.95.5.97", "e")]
    [InlineData("9.9.9.9", "f")]
    public void LookupIPv4_NestedPrefixes_TakesTheLongest(string address, string owner)
    {
        Insert("192.168.4.0/24", "a");
        Insert("192.168.4.4/32", "b");
        Insert("192.168.0.0/16", "c");
        Insert("192.95.5.64/27", "d");
        Insert("192.95.5.65/27", "d");
        Insert("192.95.5.97/32", "e");
        Insert("0.0.0.0/0", "f");
        Assert.Equal(owner, _table.LookupIPv4((uint)IpPrefix.ToNumber(IPAddress.Parse(address))));
    }

    [Theory]
    [InlineData("2001:db8::1", "b", 128)]
    [InlineData("2001:db8::2", "a", 64)]
    [InlineData("2001:db8:0:1::", "c", 32)]
    [InlineData("2001:db9::", null, -1)]
    public void LookupIPv6_NestedPrefixes_TakesTheLongestAndTellsItsLength(string address, string? owner, int length)
    {
        Insert("2001:db8::/64", "a");
        Insert("2001:db8::1/128", "b");
        Insert("2001:db8::/32", "c");
        Assert.Equal(owner, _table.LookupIPv6(IpPrefix.ToNumber(IPAddress.Parse(address)), out int found));
        Assert.Equal(length, found);
    }

    [Fact]
    public void Lookup_OtherFamilysDefaultRoute_IsNotTaken()
    {
        Insert("0.0.0.0/0", "four");
        Assert.Null(_table.LookupIPv6(0));
        Insert("::/0", "six");
        Assert.Equal("six", _table.LookupIPv6(0));
        Assert.Equal("four", _table.LookupIPv4(0));
    }

    [Fact]
    public void Insert_PrefixOfAnotherPeer_MovesItAndTellsWhose()
    {
        Insert("10.0.0.0/8", "a");
        _table.Insert(Prefix("10.0.0.0/8"), "b", out string? previous);
        Assert.Equal("a", previous);
        Assert.Equal("b", _table.LookupIPv4(0x0a000001));
        Assert.Empty(_table.Prefixes("a"));
        Assert.Equal([Prefix("10.0.0.0/8")], _table.Prefixes("b"));
    }

    [Fact]
    public void Insert_OwnPrefixAgain_ChangesNothing()
    {
        Insert("10.0.0.0/8", "a");
        Insert("10.1.0.0/16", "a");
        _table.Insert(Prefix("10.0.0.0/8"), "a", out string? previous);
        Assert.Null(previous);
        Assert.Equal([Prefix("10.0.0.0/8"), Prefix("10.1.0.0/16")], _table.Prefixes("a"));
    }

    [Fact]
    public void Insert_PrefixWhereTwoOthersPart_TakesThePlaceOfTheirFork()
    {
        Insert("10.0.0.0/9", "a");
        Insert("10.128.0.0/9", "b");
        Insert("10.0.0.0/8", "c");
        Assert.True(_table.Remove(Prefix("10.128.0.0/9"), "b"));
        Assert.Equal("a", _table.LookupIPv4(0x0a000000));
        Assert.Equal("c", _table.LookupIPv4(0x0a800000));
    }

    [Fact]
    public void Remove_PrefixOfAnotherPeer_IsRefused()
    {
        Insert("10.0.0.0/8", "a");
        Assert.False(_table.Remove(Prefix("10.0.0.0/8"), "b"));
        Assert.False(_table.Remove(Prefix("10.0.0.0/9"), "a"));
        Assert.False(_table.Remove(Prefix("11.0.0.0/8"), "a"));
        Assert.Equal("a", _table.LookupIPv4(0x0a000001));
    }

    [Fact]
    public void RemovePeer_SixtyFiveThousandPrefixes_LeavesTheOthers()
    {
        for (uint i = 0; i < 65_536; i++)
        {
            _table.Insert(new IpPrefix(i << 8, 24, isIPv4: true), "a");
        }

        Insert("0.0.5.0/25", "b");
        Assert.Equal(65_536, _table.Prefixes("a").Count);
        _table.RemovePeer("a");
        Assert.Empty(_table.Prefixes("a"));
        Assert.Null(_table.LookupIPv4(0x00000580));
        Assert.Equal("b", _table.LookupIPv4(0x00000501));
        _table.RemovePeer("a");
    }

    [Fact]
    public void Prefixes_SomeRemovedMovedAndAddedAgain_AreInTheOrderInWhichThePeerGotThem()
    {
        foreach (string prefix in (string[])["10.0.0.0/8", "::/0", "0.0.0.0/0", "2001:db8::1/128", "192.0.2.1/32"])
        {
            Insert(prefix, "a");
        }

        Assert.True(_table.Remove(Prefix("::/0"), "a"));
        Insert("10.0.0.0/8", "b");
        Insert("2001:db8::/64", "a");
        Insert("10.0.0.0/8", "a");
        Insert("::/0", "a");
        Assert.Equal("0.0.0.0/0 2001:db8::1/128 192.0.2.1/32 2001:db8::/64 10.0.0.0/8 ::/0", string.Join(' ', _table.Prefixes("a")));
        Assert.Empty(_table.Prefixes("b"));
    }

    [Fact]
    public void Batch_ChangesOfAPeer_BecomeVisibleTogether()
    {
        Insert("10.0.0.0/8", "a");
        using (_table.Begin())
        {
            _table.RemovePeer("a");
            Insert("10.0.0.0/9", "a");
            Assert.True(_table.Owns(Prefix("10.0.0.0/9"), "a"));
            Assert.Equal("a", _table.LookupIPv4(0x0aff0000));
        }

        Assert.Null(_table.LookupIPv4(0x0aff0000));
        Assert.Equal("a", _table.LookupIPv4(0x0a000001));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Insert_EveryLengthOfAnAddress_FindsEachAsTheLongerOnesGo(bool isIPv4)
    {
        int bits = isIPv4 ? 32 : 128;
        UInt128 address = isIPv4 ? 0xA5C3_0FF1 : new UInt128(0xA5C3_0FF1_0123_4567, 0x89AB_CDEF_5A3C_F00F);
        string[] owners = [.. Enumerable.Range(0, bits + 1).Select(length => $"owner of /{length}")];
        for (int length = 0; length <= bits; length++)
        {
            _table.Insert(new IpPrefix(address, length, isIPv4), owners[length]);
        }

        for (int length = bits; length >= 0; length--)
        {
            int found = length;
            Assert.Equal(owners[length], isIPv4 ? _table.LookupIPv4((uint)address) : _table.LookupIPv6(address, out found));
            Assert.Equal(length, found);
            Assert.True(_table.Remove(new IpPrefix(address, length, isIPv4), owners[length]));
        }

        Assert.Null(isIPv4 ? _table.LookupIPv4((uint)address) : _table.LookupIPv6(address));
    }

    [Fact]
    public void RemovePeer_WithAndWithoutOthersBeside_KeepsNothingOfItAlive()
    {
        AllowedIps<object> table = new();
        table.Insert(Prefix("0.0.0.0/0"), "other");
        WeakReference removed = InsertAndRemove(table);
        GC.Collect();
        Assert.False(removed.IsAlive);
        Assert.Equal("other", table.LookupIPv4(0x0a000001));

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static WeakReference InsertAndRemove(AllowedIps<object> table)
        {
            object peer = new();
            table.Insert(Prefix("10.0.0.0/8"), peer);
            table.Insert(Prefix("10.0.0.0/24"), peer);
            table.Insert(Prefix("2001:db8::/64"), peer);
            table.Insert(Prefix("10.0.0.0/24"), "other");
            Assert.True(table.Remove(Prefix("10.0.0.0/8"), peer));
            table.RemovePeer(peer);
            return new WeakReference(peer);
        }
    }

    [Fact]
    public void Lookup_AnyAddress_AllocatesNothing()
    {
        Insert("10.0.0.0/8", "a");
        Insert("2001:db8::/64", "b");
        UInt128 address = IpPrefix.ToNumber(IPAddress.Parse("2001:db8::7"));
        _ = _table.LookupIPv6(address);
        _ = _table.LookupIPv4(0x0a000001);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++)
        {
            _ = _table.LookupIPv6(address + (uint)i);
            _ = _table.LookupIPv4(0x0a000001 + (uint)i);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static IpPrefix Prefix(string text)
    {
        Assert.True(IpPrefix.TryParse(text, out IpPrefix prefix));
        return prefix;
    }

    private void Insert(string prefix, string peer) => _table.Insert(Prefix(prefix), peer);
}
