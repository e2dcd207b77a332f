using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;

namespace WgNet.Routing;

/// <summary>
/// Addresses as text, letter for letter as inet_ntop(3) writes them, and so ip(8) and wg(8): .NET writes ISATAP and some other
/// addresses with a dotted end that these tools do not.
/// </summary>
public static class InetText
{
    private const int Words = 8;

    public static string Of(UInt128 address, bool isIPv4) =>
        isIPv4 ? IpPrefix.ToAddress(address, isIPv4: true).ToString() : OfIPv6(address);

    /// <summary>Without the scope of a link-local address.</summary>
    public static string Of(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        UInt128 number = IpPrefix.ToNumber(address);
        return Of(number, address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork);
    }

    // RFC 5952: the longest run of two or more zero words, the first of equal ones, is left out.
    private static string OfIPv6(UInt128 address)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, address);
        (int start, int length) = LongestZeros(bytes);
        bool dotted = start == 0 && (length == 6 || (length == 5 && Word(bytes, 5) == 0xffff));
        var text = new StringBuilder(45);
        for (int i = 0; i < (dotted ? 6 : Words); i++)
        {
            if (i >= start && i < start + length)
            {
                _ = i == start ? text.Append(':') : text;
                continue;
            }

            _ = (i == 0 ? text : text.Append(':')).Append(Word(bytes, i).ToString("x", CultureInfo.InvariantCulture));
        }

        if (dotted)
        {
            _ = text.Append(':').Append(new IPAddress(bytes[12..]));
        }
        else if (length > 0 && start + length == Words)
        {
            _ = text.Append(':');
        }

        return text.ToString();
    }

    private static (int Start, int Length) LongestZeros(ReadOnlySpan<byte> bytes)
    {
        (int start, int longest) = (-1, 1);
        for (int i = 0; i < Words; i++)
        {
            int run = 0;
            while (i + run < Words && Word(bytes, i + run) == 0)
            {
                run++;
            }

            if (run > longest)
            {
                (start, longest) = (i, run);
            }

            i += run;
        }

        return start < 0 ? (-1, 0) : (start, longest);
    }

    private static ushort Word(ReadOnlySpan<byte> bytes, int index) => BinaryPrimitives.ReadUInt16BigEndian(bytes[(index * 2)..]);
}
