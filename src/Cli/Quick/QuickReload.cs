using System.Net;
using WgNet.Cli.Show;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Routing;
using WgNet.Uapi;

namespace WgNet.Cli.Quick;

/// <summary>
/// Makes a running interface what a changed file says, as <c>up</c> would make a new one, but only where it differs: sessions,
/// learned addresses and connections go on. All steps are done or none; the device comes last, because a peer's session
/// that was ended could not be brought back. Hooks are not run.
/// </summary>
internal sealed class QuickReload(QuickFile file, ConfigurationFile configuration, TextWriter output, Narrator narrator, bool dryRun)
{
    private readonly string _name = file.InterfaceName;

    public void Run()
    {
        using RouteNetlink netlink = new();
        if (netlink.FindLink(_name) is not { } link || !RunningInterfaces.IsRunning(_name))
        {
            throw new CommandException($"`{_name}' is not running: wgnet up {file.Path}");
        }

        QuickUp.CheckBefore(configuration, narrator);
        using Interruption interruption = new();
        ConfigurationFile? applied = AppliedFile.Read(_name, link.Index);
        using DeviceView device = new(_name, UapiClient.Get(_name), publicKey: null);
        var now = InterfaceState.Now(netlink, link, device.Snapshot, applied, configuration);

        // What the whole file says, before the update becomes what differs.
        string note = AppliedFile.Text(link.Index, configuration);
        DeviceUpdate update = configuration.Update;
        IReadOnlyList<IpPrefix> prefixes = RoutePlan.Prefixes(update);
        DeviceDifference difference = new(device.Snapshot, applied?.Update);
        difference.Reduce(update);
        using (narrator.Wait("looking up the names of endpoints"))
        {
            _ = EndpointResolver.ResolveFor(_name, update, narrator.Warn, interruption.Sleep);
        }

        var wanted = InterfaceState.Wanted(netlink, link, now, applied, configuration, prefixes, difference.Endpoints(update));
        update.FirewallMark = null;
        Print([.. now.ChangesTo(wanted), .. difference.Changes]);
        if (dryRun)
        {
            return;
        }

        using UndoStack undo = new(narrator);
        SetUp(netlink, link.Index, now, wanted, applied, undo, interruption);
        if (!difference.IsEmpty)
        {
            SetDevice(update);
        }

        undo.Commit();
        AppliedFile.Write(_name, note, narrator);
    }

    private void Print(IReadOnlyCollection<Change> changes)
    {
        foreach (Change change in changes)
        {
            output.WriteLine(change);
        }

        output.Flush();
        if (changes.Count == 0)
        {
            narrator.Plain($"`{_name}' is as `{file.Path}' says: nothing to change");
        }
    }

    private void SetUp(RouteNetlink netlink, int index, InterfaceState now, InterfaceState wanted, ConfigurationFile? applied, UndoStack undo, Interruption interruption)
    {
        InterfaceSteps steps = new(netlink, _name, index, narrator, undo);
        IPAddress[] ownBefore = steps.OwnAddresses();
        steps.KeepRoutesOnFailure();
        steps.KeepAddressesOnFailure();
        if (wanted.Mtu != now.Mtu)
        {
            steps.SetMtu(wanted.Mtu, now.Mtu);
        }

        foreach (InterfaceAddress address in wanted.Addresses.Except(now.Addresses))
        {
            steps.AddAddress(address);
        }

        steps.RemoveAddresses([.. now.Addresses.Except(wanted.Addresses)]);
        interruption.ThrowIfRequested();
        SetDefaultRoutes(netlink, index, steps, now, wanted, ownBefore);
        SetRoutes(netlink, index, steps, now, wanted);
        interruption.ThrowIfRequested();
        if (wanted.Dns != now.Dns)
        {
            SetDns(applied?.Quick, undo);
        }

        interruption.ThrowIfRequested();
    }

    // The mark is there before the rules that need it, and goes after them: otherwise the tunnel's outside packets would enter the tunnel.
    private static void SetDefaultRoutes(RouteNetlink netlink, int index, InterfaceSteps steps, InterfaceState now, InterfaceState wanted, IPAddress[] ownBefore)
    {
        if (wanted.Mark != now.Mark && wanted.Mark != 0)
        {
            steps.SetMark(wanted.Mark, now.Mark);
        }

        bool addressesChanged = !ownBefore.SequenceEqual(steps.OwnAddresses());
        foreach (bool isIPv4 in DefaultRoute.Families)
        {
            (bool had, bool has) = (now.Default(isIPv4), wanted.Default(isIPv4));
            bool moves = wanted.Mark != now.Mark;
            PlannedRoute route = DefaultRoute.Route(isIPv4, wanted.Mark);
            if (has && (!had || moves))
            {
                steps.AddDefaultRoute(isIPv4, wanted.Mark);
            }
            else if (has && !InterfaceState.RoutesByHand(netlink, index).Contains(route))
            {
                // The kernel took it with the interface's last address of the family.
                steps.AddRoute(route);
            }

            if (has && (!had || moves || addressesChanged))
            {
                steps.SetFirewall(isIPv4, wanted.Mark, had ? (now.Mark, ownBefore) : null);
            }

            if (had && (!has || moves))
            {
                steps.RemoveDefaultRoute(isIPv4, now.Mark);
            }

            if (had && !has)
            {
                steps.RemoveFirewall(isIPv4, (now.Mark, ownBefore));
            }
        }

        if (wanted.Mark != now.Mark && wanted.Mark == 0)
        {
            steps.SetMark(0, now.Mark);
        }
    }

    // By what the kernel has by now: it took the IPv4 routes of an interface that lost its last IPv4 address.
    private static void SetRoutes(RouteNetlink netlink, int index, InterfaceSteps steps, InterfaceState now, InterfaceState wanted)
    {
        PlannedRoute[] there = [.. InterfaceState.RoutesByHand(netlink, index)];
        foreach (PlannedRoute route in wanted.Routes.Except(there))
        {
            steps.AddRoute(route);
        }

        foreach (PlannedRoute route in now.Routes.Except(wanted.Routes).Intersect(there))
        {
            steps.RemoveRoute(route);
        }
    }

    private void SetDns(QuickSettings? before, UndoStack undo)
    {
        Resolver resolver = new(_name, narrator);
        undo.Push(() => Apply(before ?? new QuickSettings()));
        Apply(configuration.Quick);

        void Apply(QuickSettings quick)
        {
            if (Resolver.IsNeeded(quick))
            {
                resolver.Set(quick);
            }
            else
            {
                resolver.Unset();
            }
        }
    }

    private void SetDevice(DeviceUpdate update)
    {
        using IDisposable step = narrator.Begin($"wgnet syncconf {_name} {file.Path}");
        try
        {
            UapiClient.Set(_name, update);
        }
        catch (UapiException refusal)
        {
            throw configuration.Refuse(refusal);
        }
    }
}
