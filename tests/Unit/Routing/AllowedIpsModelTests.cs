using WgNet.Routing;
using Xunit;

namespace WgNet.Unit.Routing;

/// <summary>The tries against a table that looks at every prefix, as the kernel's self-test does it.</summary>
public sealed class AllowedIpsModelTests
{
    private const int Peers = 2_000;

    private readonly Random _random = new(42);
    private readonly AllowedIps<string> _table = new();
    private readonly Dictionary<IpPrefix, string> _naive = [];
    private readonly string[] _peers = [.. Enumerable.Range(0, Peers).Select(i => $"peer {i}")];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Lookup_TwoThousandPeersRandomAndMutatedPrefixes_AgreesWithTheNaiveTable(bool isIPv4)
    {
        Fill(isIPv4, count: 4_000);
        CheckLookups(isIPv4, count: 1_500);

        // Some leave whole, some lose a prefix, some give theirs to another.
        for (int i = 0; i < Peers / 2; i++)
        {
            RemovePeer(_peers[_random.Next(Peers)]);
        }

        foreach (IpPrefix prefix in _naive.Keys.ToArray())
        {
            switch (_random.Next(4))
            {
                case 0:
                    Assert.True(_table.Remove(prefix, _naive[prefix]));
                    _ = _naive.Remove(prefix);
                    break;
                case 1:
                    Insert(prefix);
                    break;
                default:
                    break;
            }
        }

        CheckLookups(isIPv4, count: 1_500);
        CheckEnumeration();
        Array.ForEach(_peers, RemovePeer);
        CheckLookups(isIPv4, count: 100);
    }

    [Fact]
    public async Task Lookup_WhileAWriterInsertsMovesAndRemoves_AlwaysFindsAnOwnerThatItHad()
    {
        // What never changes is always found, whatever happens above, below and beside it.
        UInt128 site = new(0x20010db800000000, 0);
        _table.Insert(new IpPrefix(site, 32, isIPv4: false), "site");
        _table.Insert(new IpPrefix(site | 0x5555, 128, isIPv4: false), "host");
        using CancellationTokenSource done = new();
        int wrong = 0;
        int lookups = 0;
        Task[] readers = [.. Enumerable.Range(0, 2).Select(seed => Task.Factory.StartNew(() =>
        {
            Random random = new(seed);
            do
            {
                bool isRight = _table.LookupIPv6(site | 0x5555) == "host"
                    && _table.LookupIPv6(site | (UInt128)(uint)random.Next(), out int length) is "site" or "host" or "changing" && length is >= 32;
                _ = isRight ? Interlocked.Increment(ref lookups) : Interlocked.Increment(ref wrong);
            }
            while (!done.IsCancellationRequested);
        }, TaskCreationOptions.LongRunning))];
        for (int i = 0; i < 200_000; i++)
        {
            IpPrefix prefix = new(site | (UInt128)(uint)_random.Next(), _random.Next(33, 128), isIPv4: false);
            _table.Insert(prefix, "changing");
            _ = _random.Next(3) == 0 ? _table.Remove(prefix, "changing") : _random.Next(2_000) == 0 && Clear("changing");
        }

        await done.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Equal(0, wrong);
        Assert.True(lookups > 0);
    }

    private bool Clear(string peer)
    {
        _table.RemovePeer(peer);
        return true;
    }

    private void Fill(bool isIPv4, int count)
    {
        for (int i = 0; i < count; i++)
        {
            UInt128 address = RandomAddress(isIPv4);
            int length = _random.Next(1, (isIPv4 ? 32 : 128) + 1);
            Insert(new IpPrefix(address, length, isIPv4));

            // Neighbours: the same bits but for some, at another length, so that prefixes nest and part late.
            UInt128 flipped = address ^ (UInt128.One << _random.Next(isIPv4 ? 32 : 128));
            Insert(new IpPrefix(flipped, _random.Next(length, (isIPv4 ? 32 : 128) + 1), isIPv4));
        }
    }

    private void Insert(IpPrefix prefix)
    {
        string peer = _peers[_random.Next(Peers)];
        _ = _naive.TryGetValue(prefix, out string? before);
        _table.Insert(prefix, peer, out string? previous);
        Assert.Equal(before == peer ? null : before, previous);
        _naive[prefix] = peer;
    }

    private void RemovePeer(string peer)
    {
        _table.RemovePeer(peer);
        foreach (IpPrefix prefix in _naive.Where(pair => pair.Value == peer).Select(pair => pair.Key).ToArray())
        {
            _ = _naive.Remove(prefix);
        }
    }

    private void CheckLookups(bool isIPv4, int count)
    {
        IpPrefix[] known = [.. _naive.Keys];
        for (int i = 0; i < count; i++)
        {
            UInt128 address = RandomAddress(isIPv4);
            if (i % 4 != 0 && known.Length > 0)
            {
                address = known[_random.Next(known.Length)].Address ^ (i % 4 == 1 ? 0 : UInt128.One << _random.Next(isIPv4 ? 32 : 128));
            }

            (string? owner, int length) = NaiveLookup(address, isIPv4);
            int found = length;
            Assert.Equal(owner, isIPv4 ? _table.LookupIPv4((uint)address) : _table.LookupIPv6(address, out found));
            Assert.Equal(length, found);
        }
    }

    private (string? Owner, int Length) NaiveLookup(UInt128 address, bool isIPv4)
    {
        string? owner = null;
        int longest = -1;
        foreach ((IpPrefix prefix, string peer) in _naive)
        {
            if (prefix.Length > longest && new IpPrefix(address, prefix.Length, isIPv4) == prefix)
            {
                (owner, longest) = (peer, prefix.Length);
            }
        }

        return (owner, longest);
    }

    private void CheckEnumeration()
    {
        Assert.All(_peers, peer => Assert.Equal(
            _naive.Where(pair => pair.Value == peer).Select(pair => pair.Key.ToString()).Order(StringComparer.Ordinal),
            _table.Prefixes(peer).Select(prefix => prefix.ToString()).Order(StringComparer.Ordinal)));
    }

    private UInt128 RandomAddress(bool isIPv4) => isIPv4
        ? (uint)_random.NextInt64(1L << 32)
        : new UInt128((ulong)_random.NextInt64(long.MinValue, long.MaxValue), (ulong)_random.NextInt64(long.MinValue, long.MaxValue));
}
