using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using WgNet.Linux;

namespace WgNet.Unit.Linux;

/// <summary>A network namespace that lives as long as one thread: nothing in it reaches, or outlives, anything else.</summary>
internal static class PrivateNetwork
{
    private const int CLONE_NEWNET = 0x40000000;

    /// <summary>Runs a test inside, with the loopback interface up.</summary>
    public static void Run(Action test)
    {
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Enter();
                test();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }

    /// <summary>Runs <c>ip</c> with these arguments and returns what it prints. A child process lives where the thread does that starts it.</summary>
    public static string Ip(string arguments)
    {
        using Process ip = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        string output = ip.StandardOutput.ReadToEnd();
        ip.WaitForExit();
        return ip.ExitCode == 0 ? output : throw new InvalidOperationException($"ip {arguments}: status {ip.ExitCode}");
    }

    /// <summary>Adds an interface that is down and has a live other end, and returns its index.</summary>
    public static int AddLink(string name)
    {
        Ip($"link add {name} type veth peer name {name}-far");
        Ip($"link set {name}-far up");
        using var netlink = new RouteNetlink();
        return netlink.FindLink(name)!.Index;
    }

    /// <summary>Adds an IPv6 address and waits until packets to it arrive: the kernel adds its local route a little later.</summary>
    public static void AddToLoopback(string address)
    {
        Ip($"address add {address}/128 dev lo nodad");
        while (!Ip("-6 route show table local").Contains($"local {address} ", StringComparison.Ordinal)
            || Ip("-6 address show dev lo tentative").Contains(address, StringComparison.Ordinal))
        {
            Thread.Sleep(1);
        }
    }

    private static void Enter()
    {
        if (unshare(CLONE_NEWNET) < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }

        using var netlink = new RouteNetlink();
        netlink.SetLinkUp(netlink.FindLink("lo")!.Index);
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int unshare(int flags);
}
