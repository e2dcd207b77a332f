using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using WgNet.Learning;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>
/// Reads a <see cref="SavedState"/>. Anything may be in the file: it is a whole state, or the reason why not.
/// <code>
/// wgnet_state=1                                                  name and version
/// saved=1763745600123                                            milliseconds since 1970-01-01 UTC
/// public_key=c49b28…                                             64 hexadecimal digits; then what belongs to this peer
/// endpoint=198.51.100.7:51820                                    or [2001:db8::7]:51820, or [fe80::7%eth0]:51820 with an interface's name
/// waited_ms=60000                                                how long nobody has asked for it, if so
/// learned=2001:db8::1234 age_ms=52 first_seen_ms=3600000 packets=17 pinned
/// checksum=5d3c…                                                 BLAKE2s (RFC 7693) of all before, 64 hexadecimal digits
/// </code>
/// </summary>
internal sealed class SavedStateReader
{
    private const string Version = "wgnet_state=";
    private const int ChecksumLine = 9 + (2 * Blake2s.HashSize) + 1;

    // In place of the age of an address that a line further on gives to another peer: those that are read are never negative.
    private const long Superseded = -1;

    private readonly HashSet<PublicKey> _keys = [];

    // Where each address is to be found that was read: in one step, however many a peer has.
    private readonly Dictionary<UInt128, (List<LearnedAddress> Addresses, int Index)> _holders = [];
    private readonly SavedEndpoint _endpoints = new();
    private readonly List<SavedPeer> _peers = [];
    private long? _savedAt;
    private bool _hasEndpoint;
    private bool _isAnySuperseded;

    private SavedStateReader()
    {
    }

    /// <param name="problem">Why it is no state, as the end of a sentence; empty if it is one.</param>
    public static bool TryRead(ReadOnlySpan<byte> text, [NotNullWhen(true)] out SavedState? state, out string problem)
    {
        var reader = new SavedStateReader();
        problem = HeaderProblem(text) ?? ChecksumProblem(text) ?? reader.LinesProblem(text[..^ChecksumLine]) ?? "";
        state = problem.Length == 0 ? new SavedState(reader._savedAt!.Value, reader._peers) : null;
        return state is not null;
    }

    private static string? HeaderProblem(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            return "it is empty";
        }

        int end = text.IndexOf((byte)'\n');
        ReadOnlySpan<byte> first = end < 0 ? text : text[..end];
        return end >= 0 && first.SequenceEqual(Encoding.ASCII.GetBytes(SavedState.FirstLine)) ? null
            : first.StartsWith(Encoding.ASCII.GetBytes(Version)) ? "it is cut short or of another version of WgNet"
            : "it is something else";
    }

    private static string? ChecksumProblem(ReadOnlySpan<byte> text)
    {
        if (text.Length < SavedState.FirstLine.Length + 1 + ChecksumLine || text[^(ChecksumLine + 1)] != '\n')
        {
            return "it is cut short";
        }

        Span<byte> checksum = stackalloc byte[Blake2s.HashSize];
        Blake2s.Hash(text[..^ChecksumLine], checksum);
        return text[^ChecksumLine..].SequenceEqual(Encoding.ASCII.GetBytes($"{SavedState.ChecksumKey}{Convert.ToHexStringLower(checksum)}\n"))
            ? null
            : "it is cut short or was changed: the checksum is not that of its content";
    }

    // The checksum says that somebody meant this text. It may still be somebody else's.
    private string? LinesProblem(ReadOnlySpan<byte> text)
    {
        Span<char> line = stackalloc char[SavedState.LongestLine];
        int number = 0;
        foreach (Range range in text[..^1].Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> bytes = text[range];
            if (bytes.Length > line.Length || !TakeLine(line[..Encoding.Latin1.GetChars(bytes, line)], number))
            {
                return string.Create(CultureInfo.InvariantCulture, $"line {number} makes no sense");
            }
        }

        RemoveSuperseded();
        return _savedAt is null ? "it does not say when it was written" : null;
    }

    private bool TakeLine(ReadOnlySpan<char> line, int number)
    {
        int equals = line.IndexOf('=');
        ReadOnlySpan<char> key = line[..Math.Max(equals, 0)], value = line[(equals + 1)..];
        return key switch
        {
            "wgnet_state" => number == 1,
            "saved" => TakeSaved(value),
            "public_key" => TakePeer(value),
            "endpoint" => TakeEndpoint(value),
            "waited_ms" => TakeWaited(value),
            "learned" => TakeLearned(value),
            _ => false,
        };
    }

    private bool TakeSaved(ReadOnlySpan<char> value)
    {
        bool isNew = _savedAt is null && _peers.Count == 0;
        _savedAt = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long savedAt) ? savedAt : null;
        return isNew && _savedAt is not null;
    }

    private bool TakePeer(ReadOnlySpan<char> value)
    {
        if (!PublicKey.TryParseHex(value, out PublicKey key) || !_keys.Add(key))
        {
            return false;
        }

        _peers.Add(new SavedPeer(key));
        _hasEndpoint = false;
        return true;
    }

    private bool TakeEndpoint(ReadOnlySpan<char> value)
    {
        if (_peers.Count == 0 || _hasEndpoint || !_endpoints.TryParse(value, out Endpoint? endpoint))
        {
            return false;
        }

        _peers[^1] = _peers[^1] with { Endpoint = endpoint };
        _hasEndpoint = true;
        return true;
    }

    private bool TakeWaited(ReadOnlySpan<char> value)
    {
        if (_peers.Count == 0 || !TryAge(value, out long waited))
        {
            return false;
        }

        _peers[^1] = _peers[^1] with { Waited = waited };
        return true;
    }

    private bool TakeLearned(ReadOnlySpan<char> value)
    {
        bool isPinned = value.EndsWith(SavedState.Pinned);
        if (_peers.Count == 0
            || !TryWords(isPinned ? value[..^SavedState.Pinned.Length] : value, out ReadOnlySpan<char> text, out long age, out long firstSeen, out long packets)
            || !IpPrefix.TryParse(text, out IpPrefix address) || address.IsIPv4 || address.Length != 128)
        {
            return false;
        }

        Take(new LearnedAddress
        {
            Address = address.Address,
            AgeNanoseconds = age,
            FirstSeenNanoseconds = firstSeen,
            Packets = packets,
            IsPinned = isPinned,
        });
        return true;
    }

    // An address that passed from one peer to another while the file was written may be there twice: it is whose it was last.
    private void Take(in LearnedAddress learned)
    {
        List<LearnedAddress> addresses = _peers[^1].Learned;
        if (_holders.TryGetValue(learned.Address, out (List<LearnedAddress> Addresses, int Index) other))
        {
            ref LearnedAddress known = ref CollectionsMarshal.AsSpan(other.Addresses)[other.Index];
            if (known.AgeNanoseconds <= learned.AgeNanoseconds)
            {
                return;
            }

            known = known with { AgeNanoseconds = Superseded };
            _isAnySuperseded = true;
        }

        _holders[learned.Address] = (addresses, addresses.Count);
        addresses.Add(learned);
    }

    // All at once: what moves up for one that leaves would move again for each of the next.
    private void RemoveSuperseded()
    {
        if (_isAnySuperseded)
        {
            _peers.ForEach(peer => peer.Learned.RemoveAll(learned => learned.AgeNanoseconds == Superseded));
        }
    }

    //  2001:db8::1234 age_ms=52 first_seen_ms=3600000 packets=17
    private static bool TryWords(ReadOnlySpan<char> value, out ReadOnlySpan<char> address, out long age, out long firstSeen, out long packets)
    {
        Span<Range> words = stackalloc Range[5];
        bool isComplete = value.Split(words, ' ') == 4;
        address = isComplete ? value[words[0]] : default;
        age = firstSeen = packets = 0;
        return isComplete
            && TryValue(value[words[1]], "age_ms=", out ReadOnlySpan<char> ageText) && TryAge(ageText, out age)
            && TryValue(value[words[2]], "first_seen_ms=", out ReadOnlySpan<char> firstText) && TryAge(firstText, out firstSeen)
            && TryValue(value[words[3]], "packets=", out ReadOnlySpan<char> packetText)
            && long.TryParse(packetText, NumberStyles.None, CultureInfo.InvariantCulture, out packets);
    }

    private static bool TryValue(ReadOnlySpan<char> word, ReadOnlySpan<char> key, out ReadOnlySpan<char> value)
    {
        bool ok = word.StartsWith(key);
        value = ok ? word[key.Length..] : default;
        return ok;
    }

    // Milliseconds to nanoseconds.
    private static bool TryAge(ReadOnlySpan<char> text, out long nanoseconds)
    {
        bool ok = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long milliseconds) && milliseconds <= SavedState.LongestAge;
        nanoseconds = ok ? milliseconds * SavedState.Millisecond : 0;
        return ok;
    }
}
