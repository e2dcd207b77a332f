using WgNet.Protocol;

namespace WgNet.Micro.Turns;

/// <summary>
/// What a batch of packets does to the caches between two blocks of look-ups: the kernel's copy into the worker's buffer, the
/// cryptography in place, the kernel's copy out of it. 64 full packets, as a send of one datagram cut by UDP_SEGMENT has; the
/// kernel's side is a ring of 4 MiB, of the order of a socket's buffer, in which each batch lies elsewhere. A batch so reads or
/// writes 280 kB: more than the first-level cache has, a part of the second.
/// </summary>
internal sealed class PassingPackets
{
    private const int Packets = 64;
    private const int Length = 1424;
    private const int Stride = Keypair.HeaderSize + Length + Aead.TagSize;
    private const int Ring = 4 << 20;

    private readonly byte[] _key = new byte[Aead.KeySize];
    private readonly AeadPacket[] _packets = new AeadPacket[Packets];
    private readonly byte[] _batch = GC.AllocateArray<byte>(Packets * Stride, pinned: true);
    private readonly byte[] _kernel = GC.AllocateArray<byte>(Ring, pinned: true);
    private int _at;

    public PassingPackets()
    {
        Random random = new(1);
        random.NextBytes(_key);
        random.NextBytes(_kernel);
        for (int i = 0; i < Packets; i++)
        {
            _packets[i] = new AeadPacket { Offset = (i * Stride) + Keypair.HeaderSize, Length = Length, Counter = (ulong)i };
        }
    }

    public void Pass()
    {
        Next().CopyTo(_batch);
        Aead.Seal(_key, _batch, _packets);
        _batch.CopyTo(Next());
    }

    private Span<byte> Next()
    {
        _at = _at + (2 * _batch.Length) > Ring ? 0 : _at + _batch.Length;
        return _kernel.AsSpan(_at, _batch.Length);
    }
}
