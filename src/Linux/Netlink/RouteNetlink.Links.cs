using System.Runtime.InteropServices;
using System.Text;

namespace WgNet.Linux;

/// <summary>An interface as the kernel describes it.</summary>
/// <param name="Kind">What made it: <c>tun</c>, <c>veth</c>, <c>wireguard</c>; empty for hardware and the loopback interface.</param>
public sealed record LinkInfo(int Index, string Name, int Mtu, bool IsUp, string Kind);

public sealed partial class RouteNetlink
{
    private const byte AF_UNSPEC = 0;

    /// <summary>The interface with this index, or null.</summary>
    public LinkInfo? FindLink(int index) =>
        FindLink(new NetlinkRequest(Rtnetlink.RTM_GETLINK, Rtnetlink.NLM_F_ACK).Body(new InterfaceInfoMessage { Index = index }), $"interface {index}");

    /// <summary>The interface with this name, or null.</summary>
    public LinkInfo? FindLink(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return FindLink(
            new NetlinkRequest(Rtnetlink.RTM_GETLINK, Rtnetlink.NLM_F_ACK)
                .Body(default(InterfaceInfoMessage))
                .Attribute(Rtnetlink.IFLA_IFNAME, Encoding.UTF8.GetBytes(name + "\0")),
            name);
    }

    /// <summary>Every interface of the network namespace.</summary>
    public IReadOnlyList<LinkInfo> Links() =>
        Dump(new NetlinkRequest(Rtnetlink.RTM_GETLINK, Rtnetlink.NLM_F_DUMP).Body(default(InterfaceInfoMessage)), "RTM_GETLINK", ReadLink);

    public void SetLinkUp(int index) => SetLinkFlags(index, Rtnetlink.IFF_UP);

    public void SetLinkDown(int index) => SetLinkFlags(index, 0);

    public void SetMtu(int index, int mtu) => Change(
        new NetlinkRequest(Rtnetlink.RTM_NEWLINK, Rtnetlink.NLM_F_ACK)
            .Body(new InterfaceInfoMessage { Index = index })
            .Attribute(Rtnetlink.IFLA_MTU, (uint)mtu),
        "RTM_NEWLINK",
        $"interface {index}, MTU {mtu}");

    public void DeleteLink(int index) => Change(
        new NetlinkRequest(Rtnetlink.RTM_DELLINK, Rtnetlink.NLM_F_ACK).Body(new InterfaceInfoMessage { Index = index }),
        "RTM_DELLINK",
        $"interface {index}");

    private void SetLinkFlags(int index, uint flags) => Change(
        new NetlinkRequest(Rtnetlink.RTM_NEWLINK, Rtnetlink.NLM_F_ACK)
            .Body(new InterfaceInfoMessage { Family = AF_UNSPEC, Index = index, Flags = flags, Change = Rtnetlink.IFF_UP }),
        "RTM_NEWLINK",
        $"interface {index}, {(flags == 0 ? "down" : "up")}");

    private LinkInfo? FindLink(NetlinkRequest request, string subject)
    {
        LinkInfo? found = null;
        try
        {
            Exchange(request, "RTM_GETLINK", subject, (type, payload) =>
            {
                if (type == Rtnetlink.RTM_NEWLINK)
                {
                    found = ReadLink(payload);
                }
            });
            return found;
        }
        catch (LinuxException e) when (e.Errno == Errno.ENODEV)
        {
            return null;
        }
    }

    internal static LinkInfo? ReadLink(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < InterfaceInfoMessage.Size)
        {
            return null;
        }

        InterfaceInfoMessage body = MemoryMarshal.Read<InterfaceInfoMessage>(payload);
        string name = "", kind = "";
        int mtu = 0;
        var attributes = new NetlinkAttributes(payload[InterfaceInfoMessage.Size..]);
        while (attributes.MoveNext())
        {
            if (attributes.Type == Rtnetlink.IFLA_IFNAME)
            {
                name = Text(attributes.Value);
            }
            else if (attributes.Type == Rtnetlink.IFLA_LINKINFO)
            {
                kind = ReadKind(attributes.Value);
            }
            else if (attributes.Type == Rtnetlink.IFLA_MTU && attributes.Value.Length >= sizeof(int))
            {
                mtu = MemoryMarshal.Read<int>(attributes.Value);
            }
        }

        return new LinkInfo(body.Index, name, mtu, (body.Flags & Rtnetlink.IFF_UP) != 0, kind);
    }

    private static string ReadKind(ReadOnlySpan<byte> linkInfo)
    {
        var attributes = new NetlinkAttributes(linkInfo);
        while (attributes.MoveNext())
        {
            if (attributes.Type == Rtnetlink.IFLA_INFO_KIND)
            {
                return Text(attributes.Value);
            }
        }

        return "";
    }

    private static string Text(ReadOnlySpan<byte> value) => Encoding.UTF8.GetString(value.TrimEnd((byte)0));
}
