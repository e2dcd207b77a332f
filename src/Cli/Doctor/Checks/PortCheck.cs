namespace WgNet.Cli.Doctor;

/// <summary>Peers find the UDP port, and it is this interface's.</summary>
internal static class PortCheck
{
    public static readonly Check Check = new("port", "the UDP port is open", Examine) { IsOfNetwork = true };

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        if (facts.File is { Tunnel: { ListenPort: 0 } tunnel } file && tunnel.Peers.Count > 0 && !tunnel.Peers.Any(peer => peer.HasEndpoint))
        {
            yield return Finding.Error(
                "port-unknown", "the file has no ListenPort, and no peer has an Endpoint", "the port is another one at each start, and nobody knows where to send the first packet",
                file.Set("ListenPort", "51820"));
        }

        if (facts.Socket is SocketState.Forbidden or SocketState.Broken)
        {
            // Who has it may well be the interface's own process.
            yield return Finding.Skip("port", "it is known when the interface answers");
            yield break;
        }

        if (facts.System.Port is not { } port || (facts.Device is not null && facts.Link is not { Link.IsUp: true }))
        {
            yield return facts.Device is null && facts.Configured?.ListenPort == 0
                ? Finding.Ok("port", "any port that is free is taken, for the peers are called from here")
                : Finding.Skip("port", "the interface is not up here");
            yield break;
        }

        if (facts.Device is null)
        {
            if (port.IsBound)
            {
                yield return Taken(facts, port);
            }
            else
            {
                yield return Finding.Ok("port", $"UDP port {port.Port} is free");
            }
        }
        else if (!port.IsBound)
        {
            yield return Finding.Error(
                "port-closed", $"nobody listens on UDP port {port.Port}", "no peer is heard: opening it failed when the interface came up",
                Mend.Run($"ip link set {facts.Name} down"), Mend.Run($"ip link set {facts.Name} up"));
        }
        else if (port.Holders.Count > 0 && facts.Link!.Holders.Count > 0 && !port.Holders.Intersect(facts.Link.Holders).Any())
        {
            yield return Taken(facts, port);
        }
        else
        {
            yield return Finding.Ok("port", $"UDP port {port.Port} is open");
        }
    }

    private static Finding Taken(Facts facts, PortFacts port)
    {
        string holder = port.Holders.Count == 0 ? "another process" : string.Join(" and ", port.Holders);
        int other = port.Port < ushort.MaxValue ? port.Port + 1 : port.Port - 1;
        string why = "this interface cannot listen there; end the other one, or choose another port and tell the peers";
        return Finding.Error("port-taken", $"UDP port {port.Port} is taken by {holder}", why,
            facts.Device is not null ? Mend.Run($"wgnet set {facts.Name} listen-port {other}") : facts.File!.Set("ListenPort", $"{other}"));
    }
}
