using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>struct rtmsg, the body of RTM_*ROUTE.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RouteMessage
{
    public const int Size = 12;

    public byte Family;
    public byte DestinationLength;
    public byte SourceLength;
    public byte TypeOfService;
    public byte Table;
    public byte Protocol;
    public byte Scope;
    public byte Type;
    public uint Flags;
}

/// <summary>struct fib_rule_hdr, the body of RTM_*RULE.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RuleMessage
{
    public const int Size = 12;

    public byte Family;
    public byte DestinationLength;
    public byte SourceLength;
    public byte TypeOfService;
    public byte Table;
    public byte Reserved1;
    public byte Reserved2;
    public byte Action;
    public uint Flags;
}
