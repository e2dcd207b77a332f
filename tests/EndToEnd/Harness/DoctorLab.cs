using System.Globalization;
using System.Text.Json;

namespace WgNet.EndToEnd.Harness;

/// <summary>
/// A gateway as it should be: a file, <c>wgnet up</c>, radvd, forwarding. And <c>wgnet doctor</c>, what it finds, and the mends it
/// prints, carried out to the letter.
/// <code>
///   far  172.16.1.2 ──────── 172.16.1.1  gateway    Address = fe80::1/64, 2001:db8:1::1/64, 10.9.0.1/24
/// </code>
/// </summary>
public sealed class DoctorLab : IDisposable
{
    public DoctorLab()
    {
        Far = Lab.AddHost("far");
        Gateway = Lab.AddHost("gateway");
        Lab.Link(Gateway, Far);
        Name = Gateway.NewInterfaceName();
        ConfigurationFile = Path.Combine(Lab.Folder, Name + ".conf");
        Write($"""
            [Interface]
            PrivateKey = {KeyPair.Generate().Private}
            ListenPort = {Tunnel.Port}
            Address = fe80::1/64, {SlaacNetwork.GatewayAddress}/64, 10.9.0.1/24
            MTU = 1420

            [Peer]
            PublicKey = {Client.Public}
            AllowedIPs = 10.9.0.2/32
            LearnableIPs = {SlaacNetwork.Prefix}, {SlaacNetwork.LinkLocalPrefix}

            """);
        Gateway.EnableForwarding();
    }

    public Lab Lab { get; } = new();

    public Host Gateway { get; }

    public Host Far { get; }

    public string Name { get; }

    public string ConfigurationFile { get; }

    /// <summary>The client's keys.</summary>
    public KeyPair Client { get; } = KeyPair.Generate();

    public Daemon? Advertiser { get; private set; }

    public string Text => File.ReadAllText(ConfigurationFile);

    public void Write(string text)
    {
        File.WriteAllText(ConfigurationFile, text);
        File.SetUnixFileMode(ConfigurationFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>Brings the gateway up.</summary>
    public void Up()
    {
        Shell($"wgnet up {ConfigurationFile}");
        Advertiser = Radvd.Start(Gateway, Name, Lab.Folder, SlaacNetwork.Prefix);
    }

    /// <summary>Runs commands on the gateway that must succeed, with this <c>wgnet</c> in PATH.</summary>
    public string Shell(string commands)
    {
        CommandResult result = Gateway.TryRun(["env", $"PATH={Path.GetDirectoryName(Programs.WgNet)}:{Environment.GetEnvironmentVariable("PATH")}", "sh", "-ec", commands]);
        return result.Succeeded ? result.Output : throw new InvalidOperationException(result.ToString());
    }

    /// <summary>The process that runs the interface.</summary>
    public int DaemonId => Gateway.ProcessIds
        .Where(id => File.ReadAllText($"/proc/{id}/comm").Trim() == "wgnet")
        .Select(id => int.Parse(id, CultureInfo.InvariantCulture)).Single();

    public CommandResult Doctor(params string[] arguments) => Gateway.TryRun([Programs.WgNet, "doctor", ConfigurationFile, .. arguments]);

    /// <summary>All that is wrong, by name.</summary>
    public IReadOnlyDictionary<string, JsonElement> Findings()
    {
        CommandResult result = Doctor("--json");
        Assert.True(result.Error.Length == 0, result.ToString());
        using var json = JsonDocument.Parse(result.Output);
        Assert.Equal(json.RootElement.GetProperty("errors").GetInt32() > 0 ? 1 : 0, result.ExitCode);
        Dictionary<string, JsonElement> found = new(StringComparer.Ordinal);
        foreach (JsonElement finding in json.RootElement.GetProperty("reports")[0].GetProperty("findings").EnumerateArray())
        {
            if (finding.GetProperty("severity").GetString() is "error" or "warning")
            {
                found.TryAdd(finding.GetProperty("id").GetString()!, finding.Clone());
            }
        }

        return found;
    }

    /// <summary>Carries out a finding's mends: runs commands, writes lines where they say.</summary>
    public void Mend(JsonElement finding)
    {
        foreach (JsonElement mend in finding.GetProperty("mends").EnumerateArray())
        {
            if (mend.GetProperty("command").GetString() is { } command)
            {
                Shell(command);
            }
            else
            {
                WriteLine(mend.GetProperty("file").GetString()!, mend.GetProperty("line"), mend.GetProperty("setting").GetString()!);
            }
        }
    }

    public void Dispose() => Lab.Dispose();

    private static void WriteLine(string file, JsonElement line, string setting)
    {
        List<string> lines = [.. File.ReadAllLines(file)];
        if (line.ValueKind == JsonValueKind.Null)
        {
            lines.Insert(lines.FindIndex(text => text.StartsWith("[Interface]", StringComparison.Ordinal)) + 1, setting);
        }
        else
        {
            lines[line.GetInt32() - 1] = setting;
        }

        File.WriteAllLines(file, lines);
    }
}
