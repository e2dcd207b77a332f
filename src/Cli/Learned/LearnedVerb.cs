using WgNet.Cli.Show;
using WgNet.Device;
using WgNet.Linux;
using WgNet.Protocol;
using WgNet.Routing;
using WgNet.Uapi;

namespace WgNet.Cli.Learned;

/// <summary><c>wgnet learned</c>: the addresses that peers have learned, and an administrator's word about them.</summary>
internal static class LearnedVerb
{
    public static readonly Verb Verb = new(
        "learned", "[<interface>] [--json] | <interface> { forget <address> | pin <address> <peer> | unpin <address> }",
        "Shows which peer has which learned address; forgets one, or keeps one from ageing", "wgnet learned wg0 forget 2001:db8::5", Run);

    private static int Run(string[] args, Streams streams)
    {
        string[] words = JsonLine.TakeOption(args, out bool json);
        switch (words)
        {
            case []:
                return ShowAll(json, streams);
            case [string name]:
                return ShowOne(name, json, streams);
            case [string name, "forget", string address] when !json:
                Forget(name, ParseAddress(address));
                return 0;
            case [string name, "pin", string address, string peer] when !json:
                Pin(name, ParseAddress(address), ParseKey(peer));
                return 0;
            case [string name, "unpin", string address] when !json:
                Unpin(name, ParseAddress(address));
                return 0;
            case [_, "forget" or "pin" or "unpin", ..]:
                throw new UsageException($"`{string.Join(' ', args)}' is not what is expected");
            default:
                throw new UsageException(NearMiss.Of(words[1], ["forget", "pin", "unpin"]) is { } near
                    ? $"`{words[1]}' is not what can be done; did you mean {near}?" : $"`{words[1]}' was not expected");
        }
    }

    private static int ShowOne(string name, bool json, Streams streams)
    {
        using DeviceView device = View(name);
        var printer = new LearnedPrinter(streams.Out, Paint.ForOutput(), json, withInterface: false);
        printer.Add(name, device.Snapshot);
        printer.End();
        return 0;
    }

    private static int ShowAll(bool json, Streams streams)
    {
        var printer = new LearnedPrinter(streams.Out, Paint.ForOutput(), json, withInterface: true);
        int exitCode = RunningInterfaces.ForEach(streams, (name, snapshot) =>
        {
            using DeviceView device = new(name, snapshot, publicKey: null);
            printer.Add(name, snapshot);
        });
        printer.End();
        return exitCode;
    }

    private static void Forget(string name, IpPrefix address)
    {
        using DeviceView device = View(name);
        PeerUpdate update = OwnerOf(device, address).Update;
        update.ForgetLearned.Add(address.Address);
        Set(name, update);
    }

    private static void Unpin(string name, IpPrefix address)
    {
        using DeviceView device = View(name);
        (PeerUpdate update, bool isPinned) = OwnerOf(device, address);
        if (!isPinned)
        {
            throw new CommandException($"{name}: {Text(address)} is not pinned");
        }

        update.Unpin.Add(address.Address);
        Set(name, update);
    }

    private static void Pin(string name, IpPrefix address, PublicKey key)
    {
        using DeviceView device = View(name);
        PeerSnapshot peer = device.Snapshot.Peers.Find(peer => peer.PublicKey == key)
            ?? throw new CommandException($"{name}: {key} is not a peer");
        if (Find(device, address) is { } owner && owner.PublicKey != key)
        {
            throw new CommandException($"{name}: {Text(address)} is learned by {owner.PublicKey}: forget it first");
        }

        var update = new PeerUpdate(key) { UpdateOnly = true };
        update.Pin.Add(address.Address);
        try
        {
            Set(name, update);
        }
        catch (UapiException exception) when (exception.Errno == Errno.EINVAL)
        {
            throw new CommandException($"{name}: {Text(address)} cannot be pinned for {key}: {WhyNot(peer, address)}");
        }
    }

    // The device has said no, and why in its log; this is what can be seen from here.
    private static string WhyNot(PeerSnapshot peer, IpPrefix address) =>
        !peer.LearnableIps.Exists(prefix => prefix.ContainsIPv6(address.Address)) ? "it is in none of the peer's LearnableIPs"
        : peer.LearnedAddresses.Count(learned => learned.IsPinned) >= peer.LearnLimit ? $"the peer's LearnLimit is {peer.LearnLimit}, and as many are pinned"
        : "AllowedIPs say as precisely whose it is, or it is the interface's own, or no host's; the device's log says which";

    private static (PeerUpdate Update, bool IsPinned) OwnerOf(DeviceView device, IpPrefix address)
    {
        PeerSnapshot owner = Find(device, address) ?? throw new CommandException($"{device.Name}: {Text(address)} is not learned");
        return (new PeerUpdate(owner.PublicKey) { UpdateOnly = true }, owner.LearnedAddresses.Find(learned => learned.Address == address.Address).IsPinned);
    }

    private static PeerSnapshot? Find(DeviceView device, IpPrefix address) =>
        device.Snapshot.Peers.Find(peer => peer.LearnedAddresses.Exists(learned => learned.Address == address.Address));

    private static DeviceView View(string name) => new(name, RunningInterfaces.Get(name), publicKey: null);

    private static void Set(string name, PeerUpdate peer)
    {
        var update = new DeviceUpdate();
        update.Peers.Add(peer);
        UapiClient.Set(name, update);
    }

    private static IpPrefix ParseAddress(string text) =>
        IpPrefix.TryParse(text, out IpPrefix prefix) && !prefix.IsIPv4 && prefix.Length == 128
            ? prefix
            : throw new UsageException($"`{text}' is not an IPv6 address");

    private static PublicKey ParseKey(string text) =>
        PublicKey.TryParseBase64(text, out PublicKey key) ? key : throw new UsageException($"`{text}' is not a peer's public key");

    private static string Text(IpPrefix address) => IpPrefix.ToAddress(address.Address, isIPv4: false).ToString();
}
