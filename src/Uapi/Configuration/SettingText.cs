using System.Globalization;
using WgNet.Device;
using WgNet.Routing;

namespace WgNet.Uapi;

/// <summary>The values that configuration files and the command line have in common, as wg(8) reads them; spaces are gone already.</summary>
public static class SettingText
{
    public const string DurationExpected = "seconds, or a number with s, m, h or d, such as 24h";

    /// <summary>0 to 65535.</summary>
    public static bool TryParsePort(ReadOnlySpan<char> text, out ushort port)
    {
        bool ok = UapiValue.TryParseNumber(text, ushort.MaxValue, out ulong number);
        port = (ushort)number;
        return ok;
    }

    /// <summary>Decimal, hexadecimal after 0x, or <c>off</c>, which is 0.</summary>
    public static bool TryParseMark(ReadOnlySpan<char> text, out uint mark)
    {
        mark = 0;
        if (IsOff(text))
        {
            return true;
        }

        // A zero byte at the end is white space to the framework.
        return !text.Contains('\0') && (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? uint.TryParse(text[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out mark)
            : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out mark));
    }

    /// <summary>Seconds, or <c>off</c>, which is 0.</summary>
    public static bool TryParseKeepalive(ReadOnlySpan<char> text, out ushort seconds)
    {
        seconds = 0;
        return IsOff(text) || TryParsePort(text, out seconds);
    }

    /// <summary>A number of addresses, 0 to <see cref="LearnSettings.MaxLimit"/>.</summary>
    public static bool TryParseLimit(ReadOnlySpan<char> text, out int limit)
    {
        bool ok = UapiValue.TryParseNumber(text, LearnSettings.MaxLimit, out ulong number);
        limit = (int)number;
        return ok;
    }

    /// <summary>Seconds, or a number with the suffix s, m, h or d; at least one second.</summary>
    public static bool TryParseDuration(ReadOnlySpan<char> text, out long seconds)
    {
        long unit = text.IsEmpty ? 0 : char.ToUpperInvariant(text[^1]) switch { 'S' => 1, 'M' => 60, 'H' => 3_600, 'D' => 86_400, _ => 0 };
        ReadOnlySpan<char> digits = unit == 0 ? text : text[..^1];
        unit = Math.Max(unit, 1);
        bool ok = UapiValue.TryParseNumber(digits, (ulong)(LearnSettings.MaxTimeoutSeconds / unit), out ulong number) && number > 0;
        seconds = (long)number * unit;
        return ok;
    }

    /// <summary>
    /// Prefixes apart by commas; a bare address is a whole one. One with a leading + or - is added to what there is or taken from
    /// it, and then nothing is replaced.
    /// </summary>
    /// <param name="replace">Becomes false with the first + or -.</param>
    /// <param name="hostBits">Told of each prefix that has bits set beyond its length.</param>
    /// <returns>The first item that is no prefix, or null.</returns>
    public static string? ReadPrefixes(string text, List<PrefixUpdate> prefixes, ref bool replace, Action<string> hostBits)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(prefixes);
        ArgumentNullException.ThrowIfNull(hostBits);
        foreach (string item in text.Length == 0 ? [] : text.Split(','))
        {
            bool signed = item is ['+' or '-', ..];
            replace &= !signed;
            string bare = signed ? item[1..] : item;
            if (!IpPrefix.TryParse(bare, out IpPrefix prefix))
            {
                return item;
            }

            if (bare.IndexOf('/', StringComparison.Ordinal) is > 0 and int slash && IpPrefix.TryParse(bare.AsSpan(0, slash), out IpPrefix host) && host.Address != prefix.Address)
            {
                hostBits(bare);
            }

            prefixes.Add(new PrefixUpdate(prefix, item[0] == '-'));
        }

        return null;
    }

    /// <summary>What is wrong with an item that is no inside prefix.</summary>
    public static string ExplainPrefix(string item) => EndpointName.IsEndpoint(item)
        ? $"`{ConfigurationFileException.Printable(item)}' is an outside address with a port, which belongs to Endpoint"
        : $"`{ConfigurationFileException.Printable(item)}' is not a prefix";

    /// <summary>Why no peer can have an address of an IPv6 prefix, or null if it can.</summary>
    public static string? WhyNotLearnable(IpPrefix prefix) =>
        prefix.IsIPv4 ? "IPv4, and only IPv6 addresses are learned"
        : prefix.Length >= 8 && prefix.Address >> 120 == 0xff ? "multicast, which is nobody's address"
        : prefix.Length >= 127 && prefix.Address <= UInt128.One ? "the host's own, which is nobody else's address"
        : prefix.Length >= 96 && prefix.Address >> 32 == 0xffff ? "IPv4 in disguise, and only IPv6 addresses are learned"
        : null;

    /// <summary>wg(8)'s warning about a prefix whose address is not its first.</summary>
    public static string HostBitsWarning(string prefix) => $"Warning: AllowedIP has nonzero host part: {prefix}";

    private static bool IsOff(ReadOnlySpan<char> text) => text.Equals("off", StringComparison.OrdinalIgnoreCase);
}
