using System.Buffers;
using System.Globalization;
using System.Net;
using WgNet.Device.Events;
using WgNet.Protocol;
using WgNet.Udp;

namespace WgNet.Uapi;

/// <summary>
/// An event as a block of <c>key=value</c> lines that ends with a blank one: docs/learning.md lists kinds and keys. Readers pass over
/// kinds and keys that they do not know.
/// </summary>
public static class UapiEvent
{
    private const long Second = 1_000_000_000;

    private static readonly string[] Names =
    [
        "learned", "expired", "evicted", "forgotten", "contradicted", "pinned", "unpinned", "conflict", "refused", "peer_added",
        "peer_removed", "handshake_completed", "endpoint_changed", "allowed_ips_changed", "lost",
    ];

    /// <summary>As the control socket names it, in snake_case.</summary>
    public static string NameOf(DeviceEventKind kind) => Names[(int)kind];

    internal static void WriteSubscribed(int version, long wallTime, IBufferWriter<byte> output)
    {
        Begin("subscribed", wallTime, output);
        UapiLine.Write(output, "version"u8, version);
        output.Write("\n"u8);
    }

    internal static void Write(DeviceEvent happened, IBufferWriter<byte> output)
    {
        Begin(NameOf(happened.Kind), happened.WallTime, output);
        if (happened.Peer is { } peer)
        {
            UapiLine.Write(output, "public_key"u8, peer);
        }

        if (happened.Address is { } address)
        {
            UapiLine.Write(output, "address"u8, address.ToString());
        }

        if (happened.Owner is { } owner)
        {
            UapiLine.Write(output, "owner"u8, owner);
        }

        if (happened.Endpoint is { } endpoint)
        {
            UapiLine.Write(output, "endpoint"u8, endpoint.ToString());
        }

        if (happened.Reason is { } reason)
        {
            UapiLine.Write(output, "reason"u8, reason);
        }

        if (happened.Number is { } number)
        {
            UapiLine.Write(output, "count"u8, number);
        }

        output.Write("\n"u8);
    }

    /// <summary>The event that the lines of a block say; null if its kind is not known, or it is not an event.</summary>
    /// <exception cref="FormatException">A value makes no sense.</exception>
    public static DeviceEvent? Read(IReadOnlyList<string> block)
    {
        DeviceEvent? happened = null;
        foreach (string line in block)
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            string key = equals < 0 ? line : line[..equals], value = line[(equals + 1)..];
            if (key == "event")
            {
                int kind = Array.IndexOf(Names, value);
                happened = kind < 0 ? null : new DeviceEvent((DeviceEventKind)kind) { WallTime = 0 };
            }
            else if (happened is not null)
            {
                happened = With(happened, key, value);
            }
        }

        return happened;
    }

    private static DeviceEvent With(DeviceEvent happened, string key, string value) => key switch
    {
        "time" => happened with { WallTime = ParseTime(value) },
        "public_key" => happened with { Peer = ParseKey(value) },
        "address" => happened with { Address = IPAddress.Parse(value) },
        "owner" => happened with { Owner = ParseKey(value) },
        "endpoint" => happened with { Endpoint = Endpoint.TryParse(value, out Endpoint? endpoint) ? endpoint : throw new FormatException() },
        "reason" => happened with { Reason = IsWord(value) ? value : throw new FormatException() },
        "count" => happened with { Number = ParseNumber(value) },
        _ => happened,
    };

    private static void Begin(string name, long wallTime, IBufferWriter<byte> output)
    {
        UapiLine.Write(output, "event"u8, name);
        UapiLine.Write(output, "time"u8, string.Create(CultureInfo.InvariantCulture, $"{wallTime / Second}.{wallTime % Second:D9}"));
    }

    private static PublicKey ParseKey(string value) => UapiValue.TryParsePublicKey(value, out PublicKey key) ? key : throw new FormatException();

    private static long ParseNumber(ReadOnlySpan<char> value) =>
        UapiValue.TryParseNumber(value, long.MaxValue, out ulong number) ? (long)number : throw new FormatException();

    private static long ParseTime(ReadOnlySpan<char> value)
    {
        int point = value.IndexOf('.');
        if (point < 0 || value.Length - point != 10)
        {
            throw new FormatException();
        }

        long seconds = ParseNumber(value[..point]);
        return seconds < long.MaxValue / Second ? (seconds * Second) + ParseNumber(value[(point + 1)..]) : throw new FormatException();
    }

    // What is printed on a terminal must not move its cursor.
    private static bool IsWord(string value) => value.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
