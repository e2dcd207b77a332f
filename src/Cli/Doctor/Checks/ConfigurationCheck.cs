namespace WgNet.Cli.Doctor;

/// <summary>The file can be read, and says nothing that was hardly meant.</summary>
internal static class ConfigurationCheck
{
    public static readonly Check Check = new("configuration", "the file can be read", Examine);

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        if (facts.File is not { } file)
        {
            yield return Finding.Skip("configuration", $"there is no /etc/wireguard/{facts.Name}.conf");
            yield break;
        }

        if (file.IsForbidden)
        {
            yield return Finding.Skip("configuration", $"only root can read it: {file.Refusal!.Message}");
            yield break;
        }

        if (file.Refusal is { } refusal)
        {
            yield return Finding.Error(
                "configuration-refused", refusal.Message, "`wgnet up' and `reload' refuse the file as a whole",
                refusal is { Line: > 0, Expected: { } expected } ? [Mend.Write(refusal.File, refusal.Line, refusal is { Key: { } key, Value: not null } ? $"{key} = <{expected}>" : $"<{expected}>")] : []);
            yield break;
        }

        foreach (string warning in file.Warnings)
        {
            yield return Finding.Warn("configuration-doubtful", warning, "it is taken all the same, and may not do what was meant");
        }

        if (file.Tunnel is { Peers.Count: 0 })
        {
            yield return Finding.Warn(
                "no-peer", "the file has no [Peer]", "nobody can connect",
                Mend.Run($"{(facts.IsRunning ? "" : $"wgnet up {facts.Argument} && ")}wgnet set {facts.Name} peer <public key> allowed-ips <prefixes> && wgnet save {facts.Argument}"));
        }
    }
}
