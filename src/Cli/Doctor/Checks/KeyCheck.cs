namespace WgNet.Cli.Doctor;

/// <summary>Private and public keys are not mixed up, and every peer has one of its own. Never names a key that is or may be secret.</summary>
internal static class KeyCheck
{
    private const string NoHandshake = "no handshake with it can succeed";

    public static readonly Check Check = new("keys", "the private key is one, and every peer has a public key of its own", Examine);

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        if (facts.Configured is not { } tunnel)
        {
            return [Finding.Skip("keys", "there is no configuration to look at")];
        }

        return OwnKey(facts, tunnel).Concat(tunnel.Peers.SelectMany(peer => OfPeer(facts, tunnel, peer))).Concat(Duplicates(facts, tunnel));
    }

    private static IEnumerable<Finding> OwnKey(Facts facts, TunnelFacts tunnel)
    {
        if (!tunnel.HasPrivateKey && !IsSetByHook(facts))
        {
            string keyFile = $"/etc/wireguard/{facts.Name}.key";
            yield return Finding.Error(
                "private-key-missing", "the interface has no private key", "without one there is no handshake with anybody",
                facts.File is { } file
                    ? [Mend.Run($"(umask 077; wgnet genkey > {keyFile})"), file.Set("PrivateKeyFile", keyFile)]
                    : [Mend.Run($"(umask 077; wgnet genkey > {keyFile}); wgnet set {facts.Name} private-key {keyFile}")]);
        }
        else if (tunnel.HasPrivateKey && !tunnel.HasPrivateKeyShape && !tunnel.Peers.Any(peer => peer.IsOwnPrivateKey))
        {
            yield return Finding.Warn(
                "private-key-is-public", "the private key is not of the form that `wgnet genkey' and wg(8) give one: most likely it is a public key",
                "nobody knows the public key that follows from it, so that no peer can answer",
                facts.File is null ? [] : [Mend.Write(facts.File.Path, facts.File.LineOf("PrivateKeyFile"), "PrivateKey = <what `wgnet genkey' printed, not `wgnet pubkey'>")]);
        }
    }

    // PostUp = wg set %i private-key <(pass …), as wg-quick(8) has it; while it runs, one sees whether that was so.
    private static bool IsSetByHook(Facts facts) => facts.Device is not { Tunnel.HasPrivateKey: false }
        && facts.File is { } file && file.UpHooks.Any(hook => hook.Contains("private-key", StringComparison.Ordinal));

    private static IEnumerable<Finding> OfPeer(Facts facts, TunnelFacts tunnel, PeerFacts peer)
    {
        Mend[] mends = facts.File is { } file ? [Mend.Write(file.Path, peer.Line, "PublicKey = <what `wgnet show <interface> public-key' prints at the peer's>")] : [];
        if (peer.IsOwnPrivateKey)
        {
            yield return Finding.Error(
                "keys-swapped", $"{peer.Label}: its public key and this interface's private key are the same", $"one of the two is in the wrong place; {NoHandshake}", mends);
        }
        else if (peer.Key.IsZero)
        {
            yield return Finding.Error("peer-key-empty", $"{peer.Label}: its public key is all zeros, which is no key", NoHandshake, mends);
        }
        else if (tunnel.OwnKey is { } own && peer.Key == own)
        {
            yield return Finding.Error(
                "peer-is-self", $"{peer.Label}: its public key is this interface's own", "an interface is no peer of itself, and passes this one over; the peer's own key belongs here", mends);
        }
    }

    private static IEnumerable<Finding> Duplicates(Facts facts, TunnelFacts tunnel) =>
        tunnel.Peers.GroupBy(peer => peer.Key).Where(peers => peers.Count() > 1).Select(peers => Finding.Warn(
            "peer-duplicate", $"{string.Join(" and ", peers.Select(peer => peer.Label))} have the same public key",
            "they are one peer, with what its last [Peer] says",
            facts.File is { } file ? [Mend.Write(file.Path, peers.Last().Line, "PublicKey = <this peer's own key>")] : []));
}
