using BenchmarkDotNet.Attributes;
using WgNet.Micro.Baselines;
using WgNet.Routing;

namespace WgNet.Micro;

/// <summary>
/// Cryptokey routing of a gateway: every peer has an IPv4 address and an IPv6 /64, and one of them the rest of the world.
/// Beside a hash table that is asked for each prefix length.
/// </summary>
public class AllowedIpsBenchmarks
{
    private const int Lookups = 256;

    private readonly AllowedIps<string> _trie = new();
    private readonly PrefixDictionary<string> _ipv4 = new();
    private readonly PrefixDictionary<string> _ipv6 = new();
    private readonly uint[] _ipv4Addresses = new uint[Lookups];
    private readonly UInt128[] _ipv6Addresses = new UInt128[Lookups];

    [Params(10, 10_000)]
    public int Peers { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        Insert(new IpPrefix(0, 0, isIPv4: true), "upstream");
        Insert(new IpPrefix(0, 0, isIPv4: false), "upstream");
        for (int i = 0; i < Peers; i++)
        {
            Insert(new IpPrefix(IPv4(i), 32, isIPv4: true), $"peer {i}");
            Insert(new IpPrefix(IPv6(i), 64, isIPv4: false), $"peer {i}");
        }

        var random = new Random(1);
        for (int i = 0; i < Lookups; i++)
        {
            // One in eight goes upstream.
            int peer = i % 8 == 0 ? Peers + random.Next(Peers) : random.Next(Peers);
            _ipv4Addresses[i] = IPv4(peer);
            _ipv6Addresses[i] = IPv6(peer) + (uint)random.Next();
        }
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("IPv4")]
    public string? IPv4Dictionary()
    {
        string? last = null;
        foreach (uint address in _ipv4Addresses)
        {
            last = _ipv4.Lookup(address, isIPv4: true);
        }

        return last;
    }

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("IPv4")]
    public string? IPv4Trie()
    {
        string? last = null;
        foreach (uint address in _ipv4Addresses)
        {
            last = _trie.LookupIPv4(address);
        }

        return last;
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("IPv6")]
    public string? IPv6Dictionary()
    {
        string? last = null;
        foreach (UInt128 address in _ipv6Addresses)
        {
            last = _ipv6.Lookup(address, isIPv4: false);
        }

        return last;
    }

    [Benchmark(OperationsPerInvoke = Lookups)]
    [BenchmarkCategory("IPv6")]
    public string? IPv6Trie()
    {
        string? last = null;
        foreach (UInt128 address in _ipv6Addresses)
        {
            last = _trie.LookupIPv6(address);
        }

        return last;
    }

    private static uint IPv4(int peer) => 0x0A00_0000 + (uint)peer;

    private static UInt128 IPv6(int peer) => ((UInt128)0x2001_0DB8 << 96) | ((UInt128)(uint)peer << 64);

    private void Insert(IpPrefix prefix, string peer)
    {
        _trie.Insert(prefix, peer);
        (prefix.IsIPv4 ? _ipv4 : _ipv6).Insert(prefix, peer);
    }
}
