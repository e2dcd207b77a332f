using System.Globalization;
using WgNet.Cli.Show;
using WgNet.Device;
using WgNet.Routing;

namespace WgNet.Cli.Learned;

/// <summary>Learned addresses, of one interface or of several, sorted by address: a table for people, or a JSON object a line.</summary>
/// <param name="withInterface">Whether the table has a column for the interface.</param>
internal sealed class LearnedPrinter(TextWriter output, Paint paint, bool json, bool withInterface)
{
    private readonly TextTable _table = withInterface
        ? new("interface", "address", "peer", ">age", ">first seen", ">packets", "pinned")
        : new("address", "peer", ">age", ">first seen", ">packets", "pinned");

    public void Add(string interfaceName, DeviceSnapshot device)
    {
        var learned = device.Peers
            .SelectMany(peer => peer.LearnedAddresses.Select(address => (Peer: peer, Learned: address)))
            .OrderBy(row => row.Learned.Address);
        foreach ((PeerSnapshot peer, LearnedAddressSnapshot address) in learned)
        {
            if (json)
            {
                PrintJson(interfaceName, peer, address);
            }
            else
            {
                AddRow(interfaceName, peer, address);
            }
        }
    }

    /// <summary>Prints what was added, if it is a table.</summary>
    public void End() => _table.Print(output, paint.Bold);

    private void AddRow(string interfaceName, PeerSnapshot peer, LearnedAddressSnapshot learned)
    {
        string[] row =
        [
            Text(learned), peer.PublicKey.ToString(), HumanUnits.ShortDuration(learned.AgeSeconds), HumanUnits.ShortDuration(learned.FirstSeenSeconds),
            learned.Packets.ToString(CultureInfo.InvariantCulture), learned.IsPinned ? "yes" : "",
        ];
        _table.Add(withInterface ? [interfaceName, .. row] : row);
    }

    private void PrintJson(string interfaceName, PeerSnapshot peer, LearnedAddressSnapshot learned) => JsonLine.Write(output, line =>
    {
        line.WriteString("interface", interfaceName);
        line.WriteString("address", Text(learned));
        line.WriteString("peer", peer.PublicKey.ToString());
        line.WriteNumber("age_seconds", learned.AgeSeconds);
        line.WriteNumber("first_seen_seconds", learned.FirstSeenSeconds);
        line.WriteNumber("packets", learned.Packets);
        line.WriteBoolean("pinned", learned.IsPinned);
    });

    private static string Text(LearnedAddressSnapshot learned) => IpPrefix.ToAddress(learned.Address, isIPv4: false).ToString();
}
