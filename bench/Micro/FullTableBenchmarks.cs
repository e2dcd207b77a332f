using BenchmarkDotNet.Attributes;
using WgNet.Micro.Baselines;
using WgNet.Routing;

namespace WgNet.Micro;

/// <summary>
/// Cryptokey routing with a million prefixes of a thousand peers. Lookups ask for random destinations: anywhere in the address space
/// ("anywhere") or in a random prefix ("inside"). Each waits for the one before, so that the time is all of a lookup's latency;
/// those "at once" do not, and the processor has several under way. Changes are made while a second thread looks up all the time:
/// one operation removes a random prefix and inserts it again.
/// </summary>
public class FullTableBenchmarks
{
    private const int Lookups = 1 << 16;
    private const int Changes = 1 << 10;
    private const int Peers = 1_000;

    private readonly AllowedIps<string> _trie = new();
    private readonly PrefixDictionary<string> _ipv4 = new();
    private readonly PrefixDictionary<string> _ipv6 = new();
    private readonly uint[] _ipv4Anywhere = new uint[Lookups];
    private readonly uint[] _ipv4Inside = new uint[Lookups];
    private readonly UInt128[] _ipv6Anywhere = new UInt128[Lookups];
    private readonly UInt128[] _ipv6Inside = new UInt128[Lookups];
    private readonly Random _random = new(2);
    private List<IpPrefix> _prefixes = [];
    private string[] _peers = [];
    private Thread? _reader;
    private volatile bool _stop;

    [GlobalSetup]
    public void Setup()
    {
        _prefixes = FullTable.Create();
        _peers = [.. Enumerable.Range(0, Peers).Select(i => $"peer {i}")];
        using (_trie.Begin())
        {
            for (int i = 0; i < _prefixes.Count; i++)
            {
                _trie.Insert(_prefixes[i], Owner(i));
            }
        }

        for (int i = 0; i < Lookups; i++)
        {
            _ipv4Anywhere[i] = (uint)_random.NextInt64(1L << 32);
            _ipv4Inside[i] = (uint)_prefixes[_random.Next(FullTable.IPv4Count)].Address | (uint)_random.Next(256);
            _ipv6Anywhere[i] = new UInt128(0x2000_0000_0000_0000 | ((ulong)_random.NextInt64() >> 2), (ulong)_random.NextInt64());
            _ipv6Inside[i] = _prefixes[FullTable.IPv4Count + _random.Next(FullTable.IPv6Count)].Address | (ulong)_random.NextInt64();
        }
    }

    [GlobalSetup(Targets = [nameof(IPv4InsideDictionary), nameof(IPv6InsideDictionary)])]
    public void SetupDictionaries()
    {
        Setup();
        _ipv4.InsertAll(_prefixes.Where(prefix => prefix.IsIPv4).Select((prefix, i) => (prefix, Owner(i))));
        _ipv6.InsertAll(_prefixes.Where(prefix => !prefix.IsIPv4).Select((prefix, i) => (prefix, Owner(i))));
    }

    [GlobalSetup(Target = nameof(RemoveAndInsertWhileRead))]
    public void SetupReader()
    {
        Setup();
        _reader = new Thread(() =>
        {
            while (!_stop)
            {
                _ = IPv4Anywhere();
            }
        });
        _reader.Start();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _stop = true;
        _reader?.Join();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("IPv4")]
    public int IPv4InsideDictionary()
    {
        int last = 0;
        for (int i = 0; i < Lookups; i++)
        {
            last = Next(_ipv4.Lookup(_ipv4Inside[i + last], isIPv4: true));
        }

        return last;
    }

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("IPv4")]
    public int IPv4Inside() => AskIPv4(_ipv4Inside);

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("IPv4")]
    public int IPv4Anywhere() => AskIPv4(_ipv4Anywhere);

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("IPv4")]
    public string? IPv4InsideAtOnce() => AskIPv4AtOnce(_ipv4Inside);

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("IPv4")]
    public string? IPv4AnywhereAtOnce() => AskIPv4AtOnce(_ipv4Anywhere);

    [Benchmark(Baseline = true, OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("IPv6")]
    public int IPv6InsideDictionary()
    {
        int last = 0;
        for (int i = 0; i < Lookups; i++)
        {
            last = Next(_ipv6.Lookup(_ipv6Inside[i + last], isIPv4: false));
        }

        return last;
    }

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("IPv6")]
    public int IPv6Inside() => AskIPv6(_ipv6Inside);

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("IPv6")]
    public int IPv6Anywhere() => AskIPv6(_ipv6Anywhere);

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("IPv6")]
    public string? IPv6InsideAtOnce() => AskIPv6AtOnce(_ipv6Inside);

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("IPv6")]
    public string? IPv6AnywhereAtOnce() => AskIPv6AtOnce(_ipv6Anywhere);

    [Benchmark(OperationsPerInvoke = Changes)]
    [BenchmarkCategory("change")]
    public void RemoveAndInsertWhileRead()
    {
        for (int i = 0; i < Changes; i++)
        {
            int which = _random.Next(_prefixes.Count);
            _ = _trie.Remove(_prefixes[which], Owner(which));
            _trie.Insert(_prefixes[which], Owner(which));
        }
    }

    // Always 0, which the processor cannot know before it has the owner.
    private static int Next(string? owner) => owner is null ? 0 : owner.Length >> 8;

    private string Owner(int prefix) => _peers[prefix % Peers];

    private int AskIPv4(uint[] addresses)
    {
        int last = 0;
        for (int i = 0; i < Lookups; i++)
        {
            last = Next(_trie.LookupIPv4(addresses[i + last]));
        }

        return last;
    }

    private int AskIPv6(UInt128[] addresses)
    {
        int last = 0;
        for (int i = 0; i < Lookups; i++)
        {
            last = Next(_trie.LookupIPv6(addresses[i + last]));
        }

        return last;
    }

    private string? AskIPv4AtOnce(uint[] addresses)
    {
        string? last = null;
        foreach (uint address in addresses)
        {
            last = _trie.LookupIPv4(address);
        }

        return last;
    }

    private string? AskIPv6AtOnce(UInt128[] addresses)
    {
        string? last = null;
        foreach (UInt128 address in addresses)
        {
            last = _trie.LookupIPv6(address);
        }

        return last;
    }
}
