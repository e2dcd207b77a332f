using WgNet.Cli.Show;
using WgNet.Linux;
using WgNet.Uapi;

namespace WgNet.Cli.Quick;

/// <summary>Takes down what <see cref="QuickUp"/> brought up, in wg-quick(8)'s order of steps.</summary>
internal sealed class QuickDown(QuickFile file, ConfigurationFile configuration, Narrator narrator)
{
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5), EndPoll = TimeSpan.FromMilliseconds(10);

    private readonly string _name = file.InterfaceName;

    /// <summary>
    /// The file, or where it can no longer be read what was applied last: a misspelt key, or a key's file that has gone, must not keep an
    /// interface up. What was applied has the hooks; nothing is saved into a file that is wrong.
    /// </summary>
    public static ConfigurationFile Load(QuickFile file, Narrator narrator)
    {
        try
        {
            return ConfigurationFile.Load(file.Path, ConfigurationMode.Replace, file.InterfaceName);
        }
        catch (ConfigurationFileException wrong) when (Applied(file.InterfaceName) is { } applied)
        {
            narrator.Warn(wrong.Message);
            narrator.Warn("it goes down by what was applied last, and nothing is saved");
            applied.Quick.SaveConfig = false;
            return applied;
        }
    }

    public void Run()
    {
        QuickSettings quick = configuration.Quick;
        using RouteNetlink netlink = new();
        if (netlink.FindLink(_name) is not { } link || !RunningInterfaces.IsRunning(_name))
        {
            if (netlink.FindLink(_name) is null && !RunningInterfaces.IsRunning(_name) && AppliedFile.ReadLast(_name) is { } left)
            {
                RemoveLeft(netlink, left);
                return;
            }

            throw new CommandException($"`{_name}' is not a WireGuard interface");
        }

        // Another file may have been written since the interface came up.
        ConfigurationFile? applied = AppliedFile.Read(_name, link.Index);

        // Whoever interrupts it in the middle could not go on later: what is left could no longer be told from what is others'.
        using Interruption interruption = new();
        Hooks.Run(quick.PreDown, _name, narrator);
        interruption.ThrowIfRequested();
        if (quick.SaveConfig)
        {
            new QuickSave(file, configuration, narrator).Run();
        }

        if (TableChoice.Of(applied ?? configuration).IsAutomatic)
        {
            Try(() => RemoveDefaultRoutes(netlink));
        }

        if (Resolver.IsNeeded(quick) || (applied is not null && Resolver.IsNeeded(applied.Quick)))
        {
            Try(new Resolver(_name, narrator).Unset);
        }

        narrator.Do($"ip link delete dev {_name}", () => netlink.DeleteLink(link.Index));
        WaitForEnd();
        AppliedFile.Delete(_name);
        Hooks.Run(quick.PostDown, _name, narrator);
    }

    // That of the interface that is there, or of the one that was.
    private static ConfigurationFile? Applied(string name)
    {
        using RouteNetlink netlink = new();
        return netlink.FindLink(name) is { } link ? AppliedFile.Read(name, link.Index) : AppliedFile.ReadLast(name);
    }

    // The interface was deleted, or its process was killed: its addresses and routes went with it, all else stays until somebody takes
    // it away. Hooks that undo those of `up' run too; what is to be done before the interface goes may fail without one.
    private void RemoveLeft(RouteNetlink netlink, ConfigurationFile left)
    {
        narrator.Warn($"`{_name}' has gone already: taking away what it left");
        DefaultRoute defaultRoute = new(netlink, _name, narrator);
        var plan = RoutePlan.Make(RoutePlan.Prefixes(left.Update), TableChoice.Of(left), []);
        foreach (bool isIPv4 in DefaultRoute.Families.Where(plan.Default))
        {
            foreach (uint mark in DefaultRoute.LeftBehind(netlink, isIPv4))
            {
                Try(() => defaultRoute.RemoveRules(isIPv4, mark));
            }

            Try(() => new Firewall(_name, narrator).Remove(isIPv4));
        }

        if (Resolver.IsNeeded(left.Quick))
        {
            Try(new Resolver(_name, narrator).UnsetAfterEnd);
        }

        AppliedFile.Delete(_name);
        Try(() => Hooks.Run(configuration.Quick.PreDown, _name, narrator));
        Hooks.Run(configuration.Quick.PostDown, _name, narrator);
    }

    // By the mark that the device has and the rules that are there. Neither the file nor the peers tell: another file may have been
    // set since, or the peer of the default route removed.
    private void RemoveDefaultRoutes(RouteNetlink netlink)
    {
        using DeviceView device = new(_name, UapiClient.Get(_name), publicKey: null);
        uint mark = device.Snapshot.FirewallMark;
        DefaultRoute defaultRoute = new(netlink, _name, narrator);
        foreach (bool isIPv4 in DefaultRoute.Families.Where(isIPv4 => DefaultRoute.Exists(netlink, mark, isIPv4)))
        {
            defaultRoute.RemoveRules(isIPv4, mark);
            new Firewall(_name, narrator).Remove(isIPv4);
        }
    }

    // What does not succeed must not keep the interface up.
    private void Try(Action action)
    {
        try
        {
            action();
        }
        catch (CommandException exception)
        {
            narrator.Warn(exception.Message);
        }
    }

    // The daemon ends because its interface is gone; an `up' right after must not meet it.
    private void WaitForEnd()
    {
        using IDisposable progress = narrator.Wait("waiting for its process to end");
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
