using System.Globalization;
using System.Text.RegularExpressions;
using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>Explicit congestion notification through the tunnel, as RFC 6040 wants it.</summary>
public sealed partial class CongestionTests
{
    private const int Count = 5;

    /// <summary>A router on the way marks what says that it knows ECN: the outside has to say so for the inside.</summary>
    [Theory]
    [InlineData(Outside.IPv4, "ip")]
    [InlineData(Outside.IPv6, "ip6")]
    public void Outside_MarkedByARouter_InsideArrivesMarked(Outside outside, string family)
    {
        using var pair = new TunnelPair(Implementation.WgNet, outside);
        pair.PingBothWays();
        pair.LeftHost.Run("nft", $$"""
            table inet congestion {
                counter marked { }
                counter unmarked { }
                chain arriving {
                    type filter hook prerouting priority -300;
                    udp dport {{Tunnel.Port}} {{family}} ecn != not-ect {{family}} ecn set ce
                    iifname {{pair.Left.Name}} ip protocol icmp ip ecn ce counter name marked
                    iifname {{pair.Left.Name}} ip protocol icmp ip ecn != ce counter name unmarked
                }
            }
            """);

        Echo(pair, ecn: 0);
        WaitUntilArrived(pair, marked: 0, unmarked: Count);
        Echo(pair, ecn: 2);
        WaitUntilArrived(pair, marked: Count, unmarked: Count);
    }

    private static void Echo(TunnelPair pair, int ecn) => pair.RightHost.Run(string.Create(
        CultureInfo.InvariantCulture, $"ping -n -q -c {Count} -i 0.05 -W 2 -Q {ecn} {TunnelPair.LeftIPv4}"));

    // ping(8) may have ended before its last one arrives.
    private static void WaitUntilArrived(TunnelPair pair, int marked, int unmarked) => Wait.Until(
        () => Packets(pair, "marked") == marked && Packets(pair, "unmarked") == unmarked,
        TimeSpan.FromSeconds(5),
        () => $"{Packets(pair, "marked")} arrived marked, {Packets(pair, "unmarked")} not");

    private static int Packets(TunnelPair pair, string counter)
    {
        string shown = pair.LeftHost.Run($"nft list counter inet congestion {counter}");
        return int.Parse(PacketCount().Match(shown).Groups["packets"].ValueSpan, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"packets (?<packets>\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PacketCount();
}
