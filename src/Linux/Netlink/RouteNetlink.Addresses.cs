using System.Net;
using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>An address of an interface.</summary>
/// <param name="IsPermanent">Given for good, not by a router advertisement for a time.</param>
/// <param name="IsAutomatic">Made by the kernel itself, as the link-local address that an IPv6 interface begins with.</param>
public sealed record AddressInfo(IPAddress Address, int PrefixLength, bool IsPermanent, bool IsAutomatic);

public sealed partial class RouteNetlink
{
    private const byte RT_SCOPE_HOST = 254, RT_SCOPE_LINK = 253, RT_SCOPE_UNIVERSE = 0;
    private const ushort IFA_FLAGS = 8, IFA_PROTO = 11;
    private const byte IFAPROT_KERNEL_LL = 3;
    private const uint IFA_F_PERMANENT = 0x80, IFA_F_STABLE_PRIVACY = 0x800;

    /// <summary>Gives an interface an address and the route to the prefix around it.</summary>
    public void AddAddress(int index, IPAddress address, int prefixLength)
    {
        ArgumentNullException.ThrowIfNull(address);
        var body = new InterfaceAddressMessage
        {
            Family = NetlinkRequest.Family(address),
            PrefixLength = (byte)prefixLength,
            Scope = IPAddress.IsLoopback(address) ? RT_SCOPE_HOST : address.IsIPv6LinkLocal ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
            Index = index,
        };
        Change(
            new NetlinkRequest(Rtnetlink.RTM_NEWADDR, Rtnetlink.NLM_F_ACK | Rtnetlink.NLM_F_CREATE | Rtnetlink.NLM_F_EXCL)
                .Body(in body)
                .Attribute(Rtnetlink.IFA_LOCAL, address)
                .Attribute(Rtnetlink.IFA_ADDRESS, address),
            "RTM_NEWADDR",
            $"{address}/{prefixLength}, interface {index}");
    }

    /// <summary>Takes an address away again.</summary>
    public void DeleteAddress(int index, IPAddress address, int prefixLength)
    {
        ArgumentNullException.ThrowIfNull(address);
        Change(
            new NetlinkRequest(Rtnetlink.RTM_DELADDR, Rtnetlink.NLM_F_ACK)
                .Body(new InterfaceAddressMessage { Family = NetlinkRequest.Family(address), PrefixLength = (byte)prefixLength, Index = index })
                .Attribute(Rtnetlink.IFA_LOCAL, address),
            "RTM_DELADDR",
            $"{address}/{prefixLength}, interface {index}");
    }

    /// <summary>The addresses of an interface, in the kernel's order.</summary>
    public IReadOnlyList<AddressInfo> Addresses(int index) => Dump(
        new NetlinkRequest(Rtnetlink.RTM_GETADDR, Rtnetlink.NLM_F_DUMP).Body(new InterfaceAddressMessage { Family = AF_UNSPEC, Index = index }),
        "RTM_GETADDR",
        bytes => ReadAddress(bytes, index));

    private static AddressInfo? ReadAddress(ReadOnlySpan<byte> payload, int index)
    {
        if (payload.Length < InterfaceAddressMessage.Size)
        {
            return null;
        }

        InterfaceAddressMessage body = MemoryMarshal.Read<InterfaceAddressMessage>(payload);
        uint flags = body.Flags;
        byte origin = 0;
        (IPAddress? address, IPAddress? local) = (null, null);
        var attributes = new NetlinkAttributes(payload[InterfaceAddressMessage.Size..]);
        while (attributes.MoveNext())
        {
            ReadOnlySpan<byte> value = attributes.Value;
            switch (attributes.Type)
            {
                case Rtnetlink.IFA_ADDRESS when IsAddress(value):
                    address = new IPAddress(value);
                    break;
                case Rtnetlink.IFA_LOCAL when IsAddress(value):
                    local = new IPAddress(value);
                    break;
                case IFA_FLAGS when value.Length >= sizeof(uint):
                    flags = MemoryMarshal.Read<uint>(value);
                    break;
                case IFA_PROTO when value.Length >= 1:
                    origin = value[0];
                    break;
            }
        }

        // On a link to one other host IFA_ADDRESS is that host's. Kernels before 5.18 do not tell the origin; an interface without a
        // hardware address gets its link-local one as a stable private one.
        return body.Index == index && (local ?? address) is { } own
            ? new AddressInfo(own, body.PrefixLength, (flags & IFA_F_PERMANENT) != 0, origin == IFAPROT_KERNEL_LL || (flags & IFA_F_STABLE_PRIVACY) != 0)
            : null;
    }
}
