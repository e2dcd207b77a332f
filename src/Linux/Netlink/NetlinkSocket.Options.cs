using System.Runtime.InteropServices;

namespace WgNet.Linux;

public sealed unsafe partial class NetlinkSocket
{
    private const int SOL_NETLINK = 270, NETLINK_CAP_ACK = 10, NETLINK_EXT_ACK = 11, NETLINK_GET_STRICT_CHK = 12;

    /// <summary>
    /// Has errors explained (extended acknowledgements) without the request being sent back, and dumps filtered by the kernel.
    /// Kernels that know less of that still answer.
    /// </summary>
    public void ExplainErrors()
    {
        SetOption(NETLINK_EXT_ACK);
        SetOption(NETLINK_CAP_ACK);
        SetOption(NETLINK_GET_STRICT_CHK);
    }

    private void SetOption(int option)
    {
        int on = 1;
        _ = setsockopt(Fd, SOL_NETLINK, option, &on, sizeof(int));
    }

    [LibraryImport("libc")]
    private static partial int setsockopt(int fd, int level, int option, int* value, int length);
}
