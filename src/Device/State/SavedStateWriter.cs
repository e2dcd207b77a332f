using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Unicode;
using WgNet.Learning;
using WgNet.Protocol;
using WgNet.Routing;

namespace WgNet.Device;

/// <summary>Writes a <see cref="SavedState"/> peer by peer, so that a large one costs a buffer and not its whole text.</summary>
internal sealed class SavedStateWriter
{
    private const int BufferSize = 64 << 10;
    private const int LineWithEnd = SavedState.LongestLine + 1;

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    private readonly Stream _output;
    private readonly byte[] _buffer = new byte[BufferSize];
    private readonly SavedEndpoint _endpoints = new();
    private Blake2s _checksum = new(Blake2s.HashSize);
    private int _buffered;
    private long _size;

    /// <param name="savedAt">Milliseconds since 1970-01-01 UTC.</param>
    public SavedStateWriter(Stream output, long savedAt)
    {
        _output = output;
        Advance(Utf8.TryWrite(Room(), Invariant, $"{SavedState.FirstLine}\nsaved={savedAt}\n", out int length), length);
    }

    public int Peers { get; private set; }

    /// <summary>Peers for which there was no room: the state would have become too large to be read again.</summary>
    public int LeftOut { get; private set; }

    public void Add(SavedPeer peer)
    {
        // The peer's own lines, its addresses, the checksum: none longer than the longest.
        if (_size + ((peer.Learned.Count + 4L) * LineWithEnd) > SavedState.MaxSize)
        {
            LeftOut++;
            return;
        }

        Span<byte> key = stackalloc byte[PublicKey.Size];
        peer.PublicKey.CopyTo(key);
        Advance(Utf8.TryWrite(Room(), Invariant, $"public_key={Convert.ToHexStringLower(key)}\n", out int length), length);
        if (peer.Endpoint is { } endpoint && _endpoints.ToText(endpoint) is { } place)
        {
            Advance(Utf8.TryWrite(Room(), Invariant, $"endpoint={place}\n", out length), length);
        }

        if (peer.Waited > 0)
        {
            Advance(Utf8.TryWrite(Room(), Invariant, $"waited_ms={Milliseconds(peer.Waited)}\n", out length), length);
        }

        foreach (LearnedAddress learned in peer.Learned)
        {
            Write(learned);
        }

        Peers++;
    }

    /// <summary>Writes the checksum and what is left. Nothing can be added any more.</summary>
    public void Finish()
    {
        Flush();
        Span<byte> checksum = stackalloc byte[Blake2s.HashSize];
        _checksum.Finish(checksum);
        _output.Write(Encoding.ASCII.GetBytes($"{SavedState.ChecksumKey}{Convert.ToHexStringLower(checksum)}\n"));
    }

    private static long Milliseconds(long nanoseconds) => Math.Clamp(nanoseconds / SavedState.Millisecond, 0, SavedState.LongestAge);

    private void Write(in LearnedAddress learned)
    {
        bool fits = Utf8.TryWrite(
            Room(),
            Invariant,
            $"learned={IpPrefix.ToAddress(learned.Address, isIPv4: false)} age_ms={Milliseconds(learned.AgeNanoseconds)} first_seen_ms={Milliseconds(learned.FirstSeenNanoseconds)} packets={Math.Max(0, learned.Packets)}{(learned.IsPinned ? SavedState.Pinned : "")}\n",
            out int length);
        Advance(fits, length);
    }

    // Room for one line.
    private Span<byte> Room()
    {
        if (BufferSize - _buffered < LineWithEnd)
        {
            Flush();
        }

        return _buffer.AsSpan(_buffered);
    }

    private void Advance(bool fits, int length)
    {
        Debug.Assert(fits, "a line is longer than the longest");
        _buffered += length;
        _size += length;
    }

    private void Flush()
    {
        ReadOnlySpan<byte> text = _buffer.AsSpan(0, _buffered);
        _checksum.Update(text);
        _output.Write(text);
        _buffered = 0;
    }
}
