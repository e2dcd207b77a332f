using BenchmarkDotNet.Attributes;
using WgNet.Micro.Baselines;
using WgNet.Protocol;

namespace WgNet.Micro;

/// <summary>
/// BLAKE2s and HMAC-BLAKE2s beside OpenSSL's one-call functions. 116 bytes is what the mac1 of an initiation covers;
/// 32 is an input of the key derivation.
/// </summary>
public class HashBenchmarks
{
    private readonly byte[] _key = new byte[32];
    private readonly byte[] _hash = new byte[Blake2s.HashSize];
    private byte[] _data = [];

    [Params(32, 116)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _data = new byte[Bytes];
        new Random(1).NextBytes(_data);
        new Random(2).NextBytes(_key);
    }

    [Benchmark(Baseline = true)]
    [BenchmarkCategory("hash")]
    public void HashOpenSsl() => OpenSsl.Blake2s(_data, _hash);

    [Benchmark]
    [BenchmarkCategory("hash")]
    public void Hash() => Blake2s.Hash(_data, _hash);

    [Benchmark(Baseline = true)]
    [BenchmarkCategory("hmac")]
    public void HmacOpenSsl() => OpenSsl.Hmac(_key, _data, _hash);

    [Benchmark]
    [BenchmarkCategory("hmac")]
    public void Hmac() => HmacBlake2s.Mac(_key, _data, default, _hash);
}
