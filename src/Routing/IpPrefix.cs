using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace WgNet.Routing;

/// <summary>
/// An IPv4 or IPv6 prefix with its host bits cleared. An IPv4 address occupies the low 32 bits of <see cref="Address"/>,
/// as the number that its four bytes make in network order.
/// </summary>
public readonly record struct IpPrefix
{
    /// <param name="address">The address as a number in network order; bits beyond the length are cleared.</param>
    /// <param name="length">0 to 32 for IPv4, 0 to 128 for IPv6.</param>
    public IpPrefix(UInt128 address, int length, bool isIPv4)
    {
        int bits = isIPv4 ? 32 : 128;
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)length, (uint)bits, nameof(length));
        UInt128 all = isIPv4 ? uint.MaxValue : UInt128.MaxValue;
        Address = length == 0 ? 0 : address & (all << (bits - length)) & all;
        Length = length;
        IsIPv4 = isIPv4;
    }

    public UInt128 Address { get; }

    public int Length { get; }

    public bool IsIPv4 { get; }

    /// <summary>Whether the IPv6 address lies inside; false for an IPv4 prefix.</summary>
    public bool ContainsIPv6(UInt128 address) =>
        !IsIPv4 && (Length == 0 || (address ^ Address) >> (128 - Length) == UInt128.Zero);

    /// <summary>Reads <c>address</c> or <c>address/length</c>, without names, scopes or octal surprises.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IpPrefix prefix)
    {
        prefix = default;
        int slash = text.IndexOf('/');
        ReadOnlySpan<char> host = slash < 0 ? text : text[..slash];
        bool isIPv4 = !host.Contains(':');
        if (!(isIPv4 ? TryParseIPv4(host, out UInt128 address) : TryParseIPv6(host, out address)))
        {
            return false;
        }

        int length = isIPv4 ? 32 : 128;
        if (slash >= 0 && (!int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int given) || (length = given) > (isIPv4 ? 32 : 128)))
        {
            return false;
        }

        prefix = new IpPrefix(address, length, isIPv4);
        return true;
    }

    /// <summary>An address as the number that its bytes make in network order.</summary>
    public static UInt128 ToNumber(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        _ = address.TryWriteBytes(bytes, out int written);
        return written == 4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>The reverse of <see cref="ToNumber"/>.</summary>
    public static IPAddress ToAddress(UInt128 address, bool isIPv4)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, address);
        return new IPAddress(isIPv4 ? bytes[12..] : bytes);
    }

    /// <summary><c>192.0.2.0/24</c> or <c>2001:db8::/64</c>, as <see cref="InetText"/> writes addresses.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{InetText.Of(Address, IsIPv4)}/{Length}");

    // Not by IPAddress, which takes "010.1.1.1" as octal, where wg(8) refuses it, and allocates.
    private static bool TryParseIPv4(ReadOnlySpan<char> text, out UInt128 address)
    {
        address = 0;
        uint number = 0;
        uint part = 0;
        int digits = 0;
        int dots = 0;
        foreach (char c in text)
        {
            uint digit = (uint)(c - '0');
            if (digit <= 9)
            {
                part = (part * 10) + digit;
                if (part > 255 || (digits > 0 && part < 10))
                {
                    return false;
                }

                digits++;
            }
            else if (c == '.' && digits > 0 && ++dots < 4)
            {
                number = (number << 8) | part;
                part = 0;
                digits = 0;
            }
            else
            {
                return false;
            }
        }

        address = (number << 8) | part;
        return dots == 3 && digits > 0;
    }

    private static bool TryParseIPv6(ReadOnlySpan<char> text, out UInt128 address)
    {
        bool isAddress = !text.ContainsAny('%', '[', ']') & IPAddress.TryParse(text, out IPAddress? parsed);
        address = isAddress ? ToNumber(parsed!) : 0;
        return isAddress;
    }
}
