using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using WgNet.Linux;
using WgNet.Tun;
using Xunit;

namespace WgNet.Unit.Linux;

/// <summary>
/// Every native struct and some numbers of src/Linux against the C compiler's opinion. To add one: a line in <see cref="Rows"/>.
/// </summary>
public sealed partial class LayoutTests
{
    private const string Headers = """
        #include <linux/fib_rules.h>
        #include <linux/if.h>
        #include <linux/if_addr.h>
        #include <linux/if_link.h>
        #include <linux/if_tun.h>
        #include <linux/netlink.h>
        #include <linux/rtnetlink.h>
        #include <linux/sockios.h>
        #include <linux/virtio_net.h>
        #include <netinet/in.h>
        #include <netinet/udp.h>
        #include <poll.h>
        #include <stddef.h>
        #include <stdio.h>
        #include <sys/eventfd.h>
        #include <sys/socket.h>
        #include <sys/syscall.h>
        #include <sys/uio.h>
        #include <time.h>
        """;

    // Each C expression is compiled once, in one program.
    private static readonly Lazy<Dictionary<string, long>> Compiled = new(Compile);

    public static TheoryData<string, long> Rows() => new(
    [
        .. Struct<PollFd>("struct pollfd", ("fd", nameof(PollFd.Fd)), ("events", nameof(PollFd.Events)), ("revents", nameof(PollFd.Returned))),
        .. Struct<InterfaceRequest>(
            "struct ifreq",
            ("ifr_name", nameof(InterfaceRequest.NameBytes)),
            ("ifr_flags", nameof(InterfaceRequest.Flags)),
            ("ifr_ifindex", nameof(InterfaceRequest.Index)),
            ("ifr_mtu", nameof(InterfaceRequest.Mtu))),
        .. Struct<IoVector>("struct iovec", ("iov_base", nameof(IoVector.Base)), ("iov_len", nameof(IoVector.Length))),
        .. Struct<MessageHeader>(
            "struct msghdr",
            ("msg_name", nameof(MessageHeader.Name)),
            ("msg_namelen", nameof(MessageHeader.NameLength)),
            ("msg_iov", nameof(MessageHeader.Vectors)),
            ("msg_iovlen", nameof(MessageHeader.VectorCount)),
            ("msg_control", nameof(MessageHeader.Control)),
            ("msg_controllen", nameof(MessageHeader.ControlLength)),
            ("msg_flags", nameof(MessageHeader.Flags))),
        .. Struct<MultiMessageHeader>("struct mmsghdr", ("msg_hdr", nameof(MultiMessageHeader.Header)), ("msg_len", nameof(MultiMessageHeader.Length))),
        .. Struct<SockaddrNl>(
            "struct sockaddr_nl",
            ("nl_family", nameof(SockaddrNl.Family)),
            ("nl_pid", nameof(SockaddrNl.PortId)),
            ("nl_groups", nameof(SockaddrNl.Groups))),
        .. Struct<NetlinkHeader>(
            "struct nlmsghdr",
            ("nlmsg_len", nameof(NetlinkHeader.Length)),
            ("nlmsg_type", nameof(NetlinkHeader.Type)),
            ("nlmsg_flags", nameof(NetlinkHeader.Flags)),
            ("nlmsg_seq", nameof(NetlinkHeader.Sequence)),
            ("nlmsg_pid", nameof(NetlinkHeader.PortId))),
        .. Struct<InterfaceInfoMessage>(
            "struct ifinfomsg",
            ("ifi_family", nameof(InterfaceInfoMessage.Family)),
            ("ifi_type", nameof(InterfaceInfoMessage.Type)),
            ("ifi_index", nameof(InterfaceInfoMessage.Index)),
            ("ifi_flags", nameof(InterfaceInfoMessage.Flags)),
            ("ifi_change", nameof(InterfaceInfoMessage.Change))),
        .. Struct<InterfaceAddressMessage>(
            "struct ifaddrmsg",
            ("ifa_family", nameof(InterfaceAddressMessage.Family)),
            ("ifa_prefixlen", nameof(InterfaceAddressMessage.PrefixLength)),
            ("ifa_flags", nameof(InterfaceAddressMessage.Flags)),
            ("ifa_scope", nameof(InterfaceAddressMessage.Scope)),
            ("ifa_index", nameof(InterfaceAddressMessage.Index))),
        .. Struct<RouteMessage>(
            "struct rtmsg",
            ("rtm_family", nameof(RouteMessage.Family)),
            ("rtm_dst_len", nameof(RouteMessage.DestinationLength)),
            ("rtm_src_len", nameof(RouteMessage.SourceLength)),
            ("rtm_table", nameof(RouteMessage.Table)),
            ("rtm_protocol", nameof(RouteMessage.Protocol)),
            ("rtm_scope", nameof(RouteMessage.Scope)),
            ("rtm_type", nameof(RouteMessage.Type)),
            ("rtm_flags", nameof(RouteMessage.Flags))),
        .. Struct<RuleMessage>(
            "struct fib_rule_hdr",
            ("family", nameof(RuleMessage.Family)),
            ("table", nameof(RuleMessage.Table)),
            ("action", nameof(RuleMessage.Action)),
            ("flags", nameof(RuleMessage.Flags))),
        .. Struct<VirtioNetHeader>(
            "struct virtio_net_hdr",
            ("flags", nameof(VirtioNetHeader.Flags)),
            ("gso_type", nameof(VirtioNetHeader.GsoType)),
            ("hdr_len", nameof(VirtioNetHeader.HeaderLength)),
            ("gso_size", nameof(VirtioNetHeader.GsoSize)),
            ("csum_start", nameof(VirtioNetHeader.ChecksumStart)),
            ("csum_offset", nameof(VirtioNetHeader.ChecksumOffset))),
        .. Struct<Timespec>("struct timespec", ("tv_sec", nameof(Timespec.Seconds)), ("tv_nsec", nameof(Timespec.Nanoseconds))),

        // Structs that are read and written as bytes.
        ("sizeof(struct rtattr)", NetlinkAttributes.HeaderSize),
        ("sizeof(struct cmsghdr)", ControlMessage.HeaderSize),
        ("offsetof(struct cmsghdr, cmsg_level)", 8),
        ("offsetof(struct cmsghdr, cmsg_type)", 12),
        ("CMSG_SPACE(1)", ControlMessage.Space(1)),
        ("CMSG_SPACE(20)", ControlMessage.Space(20)),
        ("sizeof(struct sockaddr_in)", SocketName.IPv4Size),
        ("offsetof(struct sockaddr_in, sin_addr)", 4),
        ("sizeof(struct sockaddr_in6)", SocketName.IPv6Size),
        ("offsetof(struct sockaddr_in6, sin6_addr)", 8),
        ("offsetof(struct sockaddr_in6, sin6_scope_id)", 24),
        ("sizeof(struct in_pktinfo)", ControlMessage.IPv4PacketInfoSize),
        ("sizeof(struct in6_pktinfo)", ControlMessage.IPv6PacketInfoSize),

        // Numbers.
        ("SYS_read", SystemCall.NumberOfRead),
        ("SYS_writev", SystemCall.NumberOfWriteVector),
        ("SYS_ppoll", SystemCall.NumberOfPoll),
        ("SYS_recvmmsg", SystemCall.NumberOfReceive),
        ("SYS_sendmmsg", SystemCall.NumberOfSend),
        ("POLLERR", PollFd.POLLERR),
        ("POLLNVAL", PollFd.POLLNVAL),
        ("IFF_VNET_HDR", TunFile.IFF_VNET_HDR),
        ("IFF_NO_PI", TunFile.IFF_NO_PI),
        ("TUN_F_TSO6", TunFile.TUN_F_TSO6),
        ("VIRTIO_NET_HDR_GSO_TCPV6", VirtioNetHeader.GsoTcpV6),
        ("RTM_GETADDR", Rtnetlink.RTM_GETADDR),
        ("RTMGRP_IPV6_IFADDR", Rtnetlink.RTMGRP_IPV6_IFADDR),
        ("NLM_F_DUMP", Rtnetlink.NLM_F_DUMP),
        ("IFLA_MTU", Rtnetlink.IFLA_MTU),
        ("IFA_LOCAL", Rtnetlink.IFA_LOCAL),
        ("IP_PKTINFO", ControlMessage.IP_PKTINFO),
        ("IPV6_TCLASS", ControlMessage.IPV6_TCLASS),
        ("UDP_SEGMENT", ControlMessage.UDP_SEGMENT),
        ("UDP_GRO", ControlMessage.UDP_GRO),
        ("SO_MARK", SocketOption.SO_MARK),
        ("SO_RCVBUFFORCE", SocketOption.SO_RCVBUFFORCE),
        ("SO_SNDBUFFORCE", SocketOption.SO_SNDBUFFORCE),
        ("IP_MTU_DISCOVER", SocketOption.IP_MTU_DISCOVER),
        ("IP_RECVTOS", SocketOption.IP_RECVTOS),
        ("IPV6_MTU_DISCOVER", SocketOption.IPV6_MTU_DISCOVER),
        ("IPV6_RECVPKTINFO", SocketOption.IPV6_RECVPKTINFO),
        ("IPV6_RECVTCLASS", SocketOption.IPV6_RECVTCLASS),
        ("IPV6_V6ONLY", SocketOption.IPV6_V6ONLY),
        ("IPV6_PKTINFO", ControlMessage.IPV6_PKTINFO),
    ]);

    [Theory]
    [MemberData(nameof(Rows))]
    public void Layout_OfNativeType_IsTheCCompilers(string expression, long ours) => Assert.Equal(Compiled.Value[expression], ours);

    [Fact]
    public void Rows_EveryStructLayoutInSource_IsListed()
    {
        IEnumerable<string> declared = Directory.GetFiles(SourceFolder(), "*.cs")
            .SelectMany(file => StructLayout().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups["name"].Value);
        string rows = File.ReadAllText(ThisFile());
        Assert.All(declared, name => Assert.Contains($"Struct<{name}>", rows, StringComparison.Ordinal));
    }

    private static IEnumerable<TheoryDataRow<string, long>> Struct<T>(string type, params (string CField, string Field)[] fields)
        where T : unmanaged
    {
        yield return ($"sizeof({type})", Unsafe.SizeOf<T>());
        foreach ((string cField, string field) in fields)
        {
            yield return ($"offsetof({type}, {cField})", (long)Marshal.OffsetOf<T>(field));
        }
    }

    private static Dictionary<string, long> Compile()
    {
        string folder = Directory.CreateTempSubdirectory("wgnet-layout").FullName;
        try
        {
            string source = Path.Combine(folder, "layout.c"), program = Path.Combine(folder, "layout");
            IEnumerable<string> lines = Rows().Select(row => $"  printf(\"%s=%ld\\n\", \"{row.Data.Item1}\", (long)({row.Data.Item1}));");
            File.WriteAllText(source, $"#define _GNU_SOURCE\n{Headers}\nint main(void) {{\n{string.Join('\n', lines)}\n  return 0;\n}}\n");
            _ = Run("gcc", "-o", program, source);
            return Run(program)
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .ToDictionary(line => line[..line.LastIndexOf('=')], line => long.Parse(line[(line.LastIndexOf('=') + 1)..], null), StringComparer.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return output;
    }

    private static string SourceFolder() => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "../../../src/Linux"));

    private static string ThisFile([CallerFilePath] string path = "") => path;

    [GeneratedRegex(@"\[StructLayout[^\]]*\]\s+(?:(?:public|internal|private|readonly|unsafe|partial)\s+)*struct\s+(?<name>\w+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex StructLayout();
}
