using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using WgNet.Linux;

namespace WgNet.Udp;

/// <summary>What goes beside a datagram: its ECN bits and the address to send it from.</summary>
internal static class SendControl
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref ControlWriter writer, Endpoint to, byte ecn, bool withSource)
    {
        if (ecn != 0)
        {
            writer.AddInt32(
                to.IsIPv4 ? ControlMessage.SOL_IP : ControlMessage.SOL_IPV6,
                to.IsIPv4 ? ControlMessage.IP_TOS : ControlMessage.IPV6_TCLASS,
                ecn);
        }

        if (!withSource || to.Source is null)
        {
            return;
        }

        if (to.IsIPv4)
        {
            Span<byte> info = writer.Add(ControlMessage.SOL_IP, ControlMessage.IP_PKTINFO, ControlMessage.IPv4PacketInfoSize);
            to.SourceAddress.CopyTo(info[4..]);
        }
        else
        {
            Span<byte> info = writer.Add(ControlMessage.SOL_IPV6, ControlMessage.IPV6_PKTINFO, ControlMessage.IPv6PacketInfoSize);
            to.SourceAddress.CopyTo(info);
            int index = InterfaceOf(to);
            MemoryMarshal.Write(info[16..], in index);
        }
    }

    // Only an address that means nothing without its interface pins it. Elsewhere an index would overrule the routing table:
    // IPv4 would take any destination for a neighbour on that interface once the route is gone, instead of failing.
    private static int InterfaceOf(Endpoint to) => to.Source!.IsIPv6LinkLocal ? to.SourceInterface : 0;
}
