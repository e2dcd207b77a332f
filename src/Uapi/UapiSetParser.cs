using System.Text;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Protocol;

namespace WgNet.Uapi;

/// <summary>
/// Reads the lines of one <c>set=1</c> into a <see cref="DeviceUpdate"/>, as they arrive. Keys, values and errno are those of
/// wireguard-go, but nothing takes effect before the last line was read: the first bad line refuses the whole request, and the
/// rest of it is passed over so that the next request on the connection is found.
/// </summary>
public sealed class UapiSetParser
{
    /// <summary>Bytes. The longest valid line is an <c>endpoint_host</c> of some 300.</summary>
    public const int MaxLineLength = 4096;

    /// <summary>Bounds what a client can make the process hold; about 200 MB of prefixes.</summary>
    public const int MaxLines = 1 << 22;

    // What is wrong with a line.
    internal const string UnknownKey = "unknown key";
    internal const string NotTrue = "expected true";
    internal const string NotAKey = "expected 64 hexadecimal digits";
    internal const string NotAPath = "expected an absolute path of at most 1024 bytes, or nothing";

    private readonly char[] _text = new char[MaxLineLength];
    private PeerUpdate? _peer;
    private int _line = 1;

    /// <summary>What was read so far. Whoever applies it wipes it; after an error it is wiped already.</summary>
    public DeviceUpdate Update { get; } = new();

    /// <summary>Whether the client wants to hear what was refused and why, before the errno: <c>explain=true</c>, which no stock program sends.</summary>
    public bool Explains { get; private set; }

    /// <summary>The first thing wrong, or null.</summary>
    public UapiError? Error { get; private set; }

    /// <summary>A whole request at once, without its <c>set=1</c>: lines up to a blank one.</summary>
    public static UapiSetParser Parse(ReadOnlySpan<byte> text)
    {
        var parser = new UapiSetParser();
        foreach (Range range in text.Split((byte)'\n'))
        {
            if (text[range].IsEmpty)
            {
                return parser;
            }

            parser.AddLine(text[range]);
        }

        parser.Fail("", "", Errno.EPROTO, "the request ends before its blank line");
        return parser;
    }

    /// <summary>One line without its newline; not the blank one that ends the request.</summary>
    public void AddLine(ReadOnlySpan<byte> line)
    {
        _line++;
        if (Error is not null)
        {
            return;
        }

        if (_line > MaxLines)
        {
            Fail("", "", Errno.E2BIG, "too many lines");
            return;
        }

        if (line.Length > MaxLineLength)
        {
            Fail("", "", Errno.EIO, "line too long");
            return;
        }

        // Latin-1 maps each byte to one character, so that bytes outside ASCII reach the value checks and fail there.
        Span<char> text = _text.AsSpan(0, Encoding.Latin1.GetChars(line, _text));
        AddLine(text.TrimEnd('\r'));
        text.Clear();
    }

    /// <summary>Wipes the keys of a request that will not be applied.</summary>
    public void Abandon() => Update.Wipe();

    private void AddLine(ReadOnlySpan<char> line)
    {
        int equals = line.IndexOf('=');
        if (equals < 0)
        {
            Fail("", "", Errno.EPROTO, "expected key=value");
            return;
        }

        ReadOnlySpan<char> key = line[..equals], value = line[(equals + 1)..];
        string? reason = key is "public_key" ? BeginPeer(value)
            : _peer is null ? TakeDeviceLine(key, value)
            : UapiPeerLine.Take(_peer, key, value);
        if (reason is not null)
        {
            // A mistyped private_key is an unknown key with a secret for a value.
            bool hidden = ReferenceEquals(reason, UnknownKey) || key is "private_key" or "preshared_key";
            Fail(Printable(key), hidden ? "(hidden)" : Printable(value), Errno.EINVAL, reason);
        }
    }

    private string? BeginPeer(ReadOnlySpan<char> value)
    {
        if (!UapiValue.TryParsePublicKey(value, out PublicKey key))
        {
            return NotAKey;
        }

        _peer = new PeerUpdate(key);
        Update.Peers.Add(_peer);
        return null;
    }

    private string? TakeDeviceLine(ReadOnlySpan<char> key, ReadOnlySpan<char> value)
    {
        switch (key)
        {
            case "private_key":
                Update.PrivateKey.Wipe();
                // A key that is given without a file ends the file of the one before; private_key_file, if any, follows.
                Update.PrivateKeyFile = "";
                return (Update.PrivateKey = UapiValue.ParseSecret(value)) is null ? NotAKey : null;
            case "listen_port":
                bool isPort = UapiValue.TryParseNumber(value, ushort.MaxValue, out ulong port);
                Update.ListenPort = (ushort)port;
                return isPort ? null : "expected a port, 0 to 65535";
            case "fwmark":
                bool isMark = UapiValue.TryParseNumber(value, uint.MaxValue, out ulong mark);
                Update.FirewallMark = (uint)mark;
                return isMark ? null : "expected a decimal number, 0 to 4294967295";
            case "replace_peers":
                Update.ReplacePeers = true;
                return value is "true" ? null : NotTrue;
            // WgNet's own.
            case "workers":
                bool isCount = UapiValue.TryParseNumber(value, WorkerCount.Most, out ulong workers);
                Update.Workers = (int)workers;
                return isCount ? null : WorkerCount.Expected;
            case "metrics_listen":
                bool isAddress = MetricsAddress.TryParse(value, out MetricsAddress? address);
                Update.MetricsListen = address;
                return isAddress ? null : MetricsAddress.Expected;
            case "state_file":
                Update.StateFile = value is "on";
                return value is "on" or "off" ? null : "expected on or off";
            case "explain":
                Explains = value is "true";
                return Explains ? null : NotTrue;
            case "private_key_file":
                Update.PrivateKeyFile = UapiValue.ParsePath(value);
                return Update.PrivateKeyFile is null ? NotAPath : null;
            default:
                return UnknownKey;
        }
    }

    private void Fail(string key, string value, int errno, string reason)
    {
        Error ??= new UapiError(_line, key, value, errno, reason);
        Abandon();
    }

    // What a client sent goes to a log only as one short line.
    private static string Printable(ReadOnlySpan<char> text)
    {
        const int Shown = 80;
        var printable = new StringBuilder(Math.Min(text.Length, Shown) + 3);
        foreach (char c in text[..Math.Min(text.Length, Shown)])
        {
            _ = printable.Append(c is >= ' ' and <= '~' ? c : '?');
        }

        return (text.Length > Shown ? printable.Append("...") : printable).ToString();
    }
}
