using WgNet.Linux;
using WgNet.Routing;
using WgNet.Tun;

namespace WgNet.Device;

/// <summary>
/// Tells a local sender that its packet has no peer to go to, as the kernel's wg_xmit does. Bounded to a few answers a second.
/// Used by the outbound worker whose turn to read it is.
/// </summary>
internal sealed class IcmpResponder(WireGuardDevice device, ITunDevice tun)
{
    // Linux bounds its own ICMP errors to 1000 a second with bursts of 50; a sender needs far fewer.
    private const long Interval = 1_000_000_000 / 100;
    private const int Burst = 50;

    private long _next;

    public void Answer(in IpPacket offending, IcmpErrorKind kind)
    {
        long now = Clock.BootTime;
        _next = Math.Max(_next, now - (Burst * Interval));
        if (_next > now)
        {
            return;
        }

        // An IPv6 error is cut to the minimum MTU (RFC 4443 2.4 c).
        Span<byte> error = stackalloc byte[1280];

        // The kernel takes no IPv4 packet from an interface whose source is an address of its own; the destination's own
        // address passes reverse path filtering, too, since its route led here.
        uint v4 = offending.IsIPv4 ? offending.IPv4Destination : 0;
        int length = IcmpError.Build(offending.Bytes, error, kind, v4, device.OwnIPv6Address);
        if (length != 0)
        {
            _next += Interval;
            tun.WriteOwn(error[..length]);
        }
    }
}
