using BenchmarkDotNet.Attributes;
using WgNet.Device;
using WgNet.Protocol;

namespace WgNet.Micro;

/// <summary>
/// A handshake as far as its first, second and last step, beside the X25519 operations that these cannot do without, by the
/// same library: what is left is WgNet's own. The static-static secret is computed when a peer is configured and appears nowhere
/// here. The allocation that is shown is the new session's: its keypair, its index and its locked memory.
/// </summary>
public class HandshakeBenchmarks
{
    private const long Pause = 6 * Constants.Second;

    private static readonly byte[] Source = [192, 0, 2, 1, 0, 1];

    private readonly SodiumPrimitives _primitives = new();
    private readonly byte[] _message = new byte[148];
    private readonly byte[] _reply = new byte[148];
    private readonly byte[] _private = new byte[32];
    private readonly byte[] _public = new byte[32];
    private readonly byte[] _shared = new byte[32];
    private SessionTable _initiator = null!;
    private SessionTable _responder = null!;
    private Session _session = null!;
    private long _now;

    [GlobalSetup]
    public void Setup()
    {
        _initiator = NewTable();
        _responder = NewTable();
        _session = _initiator.Add(_responder.PublicKey, owner: null);
        _responder.Add(_initiator.PublicKey, owner: null);
        _primitives.RandomBytes(_private);
        _primitives.X25519Base(_private, _public);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _initiator.Dispose();
        _responder.Dispose();
    }

    [Benchmark(Baseline = true)]
    [BenchmarkCategory("initiation")]
    public void InitiationX25519() => Curve(bases: 1, products: 1);

    [Benchmark]
    [BenchmarkCategory("initiation")]
    public bool Initiation() => Initiate(_message);

    [Benchmark(Baseline = true)]
    [BenchmarkCategory("response")]
    public void ResponseX25519() => Curve(bases: 2, products: 4);

    [Benchmark]
    [BenchmarkCategory("response")]
    public void InitiationAndResponse()
    {
        Initiate(_message);
        Expect(HandshakeEvent.InitiationConsumed, _responder.Consume(_message, Source, underLoad: false, _now, _now, _reply));
    }

    [Benchmark(Baseline = true)]
    [BenchmarkCategory("whole")]
    public void WholeX25519() => Curve(bases: 2, products: 6);

    [Benchmark]
    [BenchmarkCategory("whole")]
    public void Whole()
    {
        InitiationAndResponse();
        Expect(HandshakeEvent.ResponseConsumed, _initiator.Consume(_reply.AsSpan(0, 92), Source, underLoad: false, _now, _now, _message));
    }

    private SessionTable NewTable()
    {
        var table = new SessionTable(_primitives);
        Span<byte> key = stackalloc byte[32];
        _primitives.RandomBytes(key);
        table.SetPrivateKey(key, now: 0);
        return table;
    }

    private bool Initiate(Span<byte> message)
    {
        _now += Pause;
        return _session.TryCreateInitiation(_now, _now, isRetry: false, message) ? true : throw new InvalidOperationException("no initiation");
    }

    private void Curve(int bases, int products)
    {
        for (int i = 0; i < bases; i++)
        {
            _primitives.X25519Base(_private, _shared);
        }

        for (int i = 0; i < products; i++)
        {
            _primitives.TryX25519(_private, _public, _shared);
        }
    }

    private static void Expect(HandshakeEvent expected, HandshakeResult result)
    {
        if (result.Event != expected)
        {
            throw new InvalidOperationException($"{result.Event}: {result.Reason}");
        }
    }
}
