using WgNet.Cli.Show;
using WgNet.Linux;
using WgNet.Uapi;

namespace WgNet.Cli.Quick;

/// <summary>Takes down what <see cref="QuickUp"/> brought up, in wg-quick(8)'s order of steps.</summary>
internal sealed class QuickDown(QuickFile file, ConfigurationFile configuration, Narrator narrator)
{
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5), EndPoll = TimeSpan.FromMilliseconds(10);

    private readonly string _name = file.InterfaceName;

    public void Run()
    {
        QuickSettings quick = configuration.Quick;
        using RouteNetlink netlink = new();
        if (netlink.FindLink(_name) is not { } link || !RunningInterfaces.IsRunning(_name))
        {
            throw new CommandException($"`{_name}' is not a WireGuard interface");
        }

        Hooks.Run(quick.PreDown, _name, narrator);
        RemoveRules(netlink, quick);
        narrator.Step($"ip link delete dev {_name}");
        netlink.DeleteLink(link.Index);
        WaitForEnd();
        new Resolver(_name, quick, narrator).Unset();
        Hooks.Run(quick.PostDown, _name, narrator);
    }

    // By the mark that the device has and the rules that are there. Neither the file nor the peers tell: another file may have been
    // set since, or the peer of the default route removed.
    private void RemoveRules(RouteNetlink netlink, QuickSettings quick)
    {
        if (quick.Table is not (null or "auto"))
        {
            return;
        }

        using DeviceView device = new(_name, UapiClient.Get(_name), publicKey: null);
        uint mark = device.Snapshot.FirewallMark;
        if (mark != 0 && DefaultRoute.Exists(netlink, mark))
        {
            DefaultRoute.Remove(netlink, _name, mark, narrator);
        }
    }

    // The daemon ends because its interface is gone; an `up' right after must not meet it.
    private void WaitForEnd()
    {
        for (TimeSpan waited = TimeSpan.Zero; RunningInterfaces.IsRunning(_name); waited += EndPoll)
        {
            if (waited > EndTimeout)
            {
                throw new CommandException($"the process of `{_name}' did not end with its interface");
            }

            Thread.Sleep(EndPoll);
        }
    }
}
