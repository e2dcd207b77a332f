using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using WgNet.Linux;

namespace WgNet.Tun;

/// <summary>
/// Keeps one interface's state out of rtnetlink messages, of a dump as well as of what comes later. The interface is found by its name
/// in a dump and followed by its index, which survives renaming.
/// </summary>
internal sealed class LinkTable(string wanted)
{
    private readonly List<(IPAddress Address, int PrefixLength)> _addresses = [];
    private string _name = wanted;
    private bool _isUp;
    private int _mtu;

    /// <summary>0 until the interface was found.</summary>
    public int Index { get; private set; }

    /// <summary>The interface left the namespace: it was deleted, or moved to another.</summary>
    public bool IsGone { get; private set; }

    public LinkState State => new(_isUp, _mtu, [.. _addresses]) { Name = _name };

    public void Apply(in NetlinkMessages message)
    {
        switch (message.Header.Type)
        {
            case Rtnetlink.RTM_NEWLINK or Rtnetlink.RTM_DELLINK when message.Payload.Length >= InterfaceInfoMessage.Size:
                ApplyLink(message);
                break;
            case Rtnetlink.RTM_NEWADDR or Rtnetlink.RTM_DELADDR when message.Payload.Length >= InterfaceAddressMessage.Size:
                ApplyAddress(message);
                break;
            default:
                break;
        }
    }

    private void ApplyLink(in NetlinkMessages message)
    {
        var link = MemoryMarshal.Read<InterfaceInfoMessage>(message.Payload);
        if (link.Family != 0)
        {
            // A bridge's or another family's view of the link.
            return;
        }

        string name = "";
        int mtu = _mtu;
        var attributes = new NetlinkAttributes(message.Payload[InterfaceInfoMessage.Size..]);
        while (attributes.MoveNext())
        {
            switch (attributes.Type)
            {
                case Rtnetlink.IFLA_IFNAME:
                    name = Encoding.UTF8.GetString(attributes.Value).TrimEnd('\0');
                    break;
                case Rtnetlink.IFLA_MTU when attributes.Value.Length >= sizeof(int):
                    mtu = BinaryPrimitives.ReadInt32LittleEndian(attributes.Value);
                    break;
                default:
                    break;
            }
        }

        if (Index == 0 ? name != _name : link.Index != Index)
        {
            return;
        }

        Index = link.Index;
        IsGone = message.Header.Type == Rtnetlink.RTM_DELLINK;
        _isUp = !IsGone && (link.Flags & Rtnetlink.IFF_UP) != 0;
        _mtu = mtu;
        _name = name.Length != 0 ? name : _name;
    }

    private void ApplyAddress(in NetlinkMessages message)
    {
        var header = MemoryMarshal.Read<InterfaceAddressMessage>(message.Payload);
        if (Index == 0 || header.Index != Index)
        {
            return;
        }

        IPAddress? address = null;
        var attributes = new NetlinkAttributes(message.Payload[InterfaceAddressMessage.Size..]);
        while (attributes.MoveNext())
        {
            // With a point-to-point peer IFA_ADDRESS is the peer's and IFA_LOCAL ours; without one IPv6 has IFA_ADDRESS only.
            bool isOwn = attributes.Type == Rtnetlink.IFA_LOCAL || (attributes.Type == Rtnetlink.IFA_ADDRESS && address is null);
            if (isOwn && attributes.Value.Length is 4 or 16)
            {
                address = new IPAddress(attributes.Value);
            }
        }

        if (address is null)
        {
            return;
        }

        _addresses.RemoveAll(entry => entry.Address.Equals(address));
        if (message.Header.Type == Rtnetlink.RTM_NEWADDR)
        {
            _addresses.Add((address, header.PrefixLength));
        }
    }
}
