using System.Runtime.InteropServices;
using WgNet.Linux;
using WgNet.Tun;

namespace WgNet.Cli.Daemon;

/// <summary>Opens what a device needs from the kernel and, where it cannot be had, says what would help.</summary>
internal static class TunAdvice
{
    private const string NeedsPrivilege = "root is needed, or CAP_NET_ADMIN";

    /// <exception cref="LinuxException">It cannot be had, for a reason that says enough by itself.</exception>
    /// <exception cref="CommandException">It cannot be had: says what would help.</exception>
    public static TunDevice Open(string name, int mtu, bool offload)
    {
        try
        {
            return TunDevice.Open(name, mtu, offload);
        }
        catch (LinuxException e) when (e.Errno is Errno.EPERM or Errno.EACCES)
        {
            throw new CommandException($"{name}: {e.Message} ({NeedsPrivilege})");
        }
        catch (LinuxException e) when (e.Call == "TUNSETIFF" && TakenName.Explain(name, e.Errno) is { } reason)
        {
            throw new CommandException(reason);
        }
        catch (LinuxException e) when (e.Call == "open")
        {
            throw new CommandException($"{name}: {e.Message} (the kernel's tun module is needed: modprobe tun; in a container, the device: --device /dev/net/tun)");
        }
    }

    /// <summary>An open TUN device that <c>WG_TUN_FD</c> names.</summary>
    /// <exception cref="CommandException">It names something else.</exception>
    public static TunDevice Inherit(int descriptor)
    {
        try
        {
            return TunDevice.FromFileDescriptor(descriptor);
        }
        catch (LinuxException e)
        {
            throw new CommandException($"{DaemonEnvironment.TunVariable} is not the number of an open TUN device: {Marshal.GetPInvokeErrorMessage(e.Errno)}");
        }
    }
}
