using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>The numbers of linux/netlink.h, linux/rtnetlink.h, linux/if_link.h and linux/if_addr.h that WgNet uses.</summary>
public static class Rtnetlink
{
    public const ushort NLMSG_ERROR = 2, NLMSG_DONE = 3;
    public const ushort NLM_F_REQUEST = 1, NLM_F_ACK = 4, NLM_F_DUMP_INTR = 0x10,
        NLM_F_DUMP = 0x300, NLM_F_REPLACE = 0x100, NLM_F_EXCL = 0x200, NLM_F_CREATE = 0x400;

    public const ushort RTM_NEWLINK = 16, RTM_DELLINK = 17, RTM_GETLINK = 18, RTM_NEWADDR = 20, RTM_DELADDR = 21, RTM_GETADDR = 22;
    public const uint RTMGRP_LINK = 1, RTMGRP_IPV4_IFADDR = 0x10, RTMGRP_IPV6_IFADDR = 0x100;

    public const ushort IFLA_IFNAME = 3, IFLA_MTU = 4, IFLA_LINKINFO = 18, IFLA_INFO_KIND = 1;
    public const ushort IFA_ADDRESS = 1, IFA_LOCAL = 2;
    public const uint IFF_UP = 1;
}

/// <summary>struct sockaddr_nl.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SockaddrNl
{
    public ushort Family;
    public ushort Pad;
    public uint PortId;
    public uint Groups;
}

/// <summary>struct nlmsghdr.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct NetlinkHeader
{
    public const int Size = 16;

    public uint Length;
    public ushort Type;
    public ushort Flags;
    public uint Sequence;
    public uint PortId;
}

/// <summary>struct ifinfomsg, the body of RTM_*LINK.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct InterfaceInfoMessage
{
    public const int Size = 16;

    public byte Family;
    public byte Pad;
    public ushort Type;
    public int Index;
    public uint Flags;
    public uint Change;
}

/// <summary>struct ifaddrmsg, the body of RTM_*ADDR.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct InterfaceAddressMessage
{
    public const int Size = 8;

    public byte Family;
    public byte PrefixLength;
    public byte Flags;
    public byte Scope;
    public int Index;
}
