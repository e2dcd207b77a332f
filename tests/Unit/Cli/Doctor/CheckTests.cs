using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using WgNet.Cli.Doctor;
using Xunit;

namespace WgNet.Unit.Cli.Doctor;

public sealed partial class CheckTests
{
    public static TheoryData<int, string> Provocations => new(Provoked.All.Select((provoked, i) => (i, provoked.Id)));

    [Theory]
    [MemberData(nameof(Provocations))]
    public void Run_SomethingWrong_SaysWhatWhyAndHowToMendIt(int index, string id)
    {
        Provoked provoked = Provoked.All[index];
        IReadOnlyList<Finding> findings = Check.Run(provoked.Facts);

        Finding finding = Assert.Single(findings, finding => finding.Id == id);
        Assert.Equal(provoked.Severity, finding.Severity);
        Assert.Contains(provoked.What, finding.What, StringComparison.Ordinal);
        Assert.NotEmpty(finding.Why);
        Assert.Equal(provoked.Mends.Length, finding.Mends.Count);
        Assert.All(provoked.Mends.Zip(finding.Mends), pair =>
        {
            if (pair.First.EndsWith('…'))
            {
                Assert.StartsWith(pair.First[..^1], pair.Second.ToString(), StringComparison.Ordinal);
            }
            else
            {
                Assert.Equal(pair.First, pair.Second.ToString());
            }
        });
    }

    [Fact]
    public void Run_HealthyGateway_FindsNothing()
    {
        Assert.All(Check.Run(SampleFacts.Running), finding => Assert.Equal((Severity.Ok, ""), (finding.Severity, finding.Why)));
        Assert.All(Check.Run(SampleFacts.NotRunning), finding => Assert.True(finding.Severity is Severity.Ok or Severity.Skipped, finding.What));
    }

    [Fact]
    public void Run_Anything_HasALineOfEachCheck()
    {
        Assert.Equal(Check.All.Select(check => check.Id), Check.Run(SampleFacts.Running).Select(finding => finding.Id));
        Assert.Equal(Check.All.Count, Check.Run(new Facts("wg0")).Count);
    }

    [Fact]
    public void Run_InterfaceInAnotherNetwork_JudgesItByNothingOfThisOne()
    {
        Facts facts = SampleFacts.Running with { Link = null, System = SampleFacts.Machine with { Sysctl = _ => 0, Advertisers = [], Port = null, Ruleset = NftRuleset.Parse(Provoked.Chain("input", "drop")) } };

        Assert.All(Check.Run(facts), finding => Assert.True(finding.Severity is Severity.Ok or Severity.Skipped, finding.What));
        Assert.Equal(Check.All.Where(check => check.IsOfNetwork).Select(check => check.Id), Check.Run(facts).Where(finding => finding.What.Contains("in another network namespace", StringComparison.Ordinal) && finding.Id != "daemon").Select(finding => finding.Id));
    }

    [Fact]
    public void Run_KeySetByAHook_IsNotMissing()
    {
        FileFacts file = SampleFacts.ConfigFile with { Tunnel = SampleFacts.ConfigFile.Tunnel! with { HasPrivateKey = false, OwnKey = null }, UpHooks = ["wg set %i private-key /etc/wireguard/%i.key"] };
        TunnelFacts without = SampleFacts.Tunnel(SampleFacts.First, SampleFacts.Second) with { HasPrivateKey = false };

        Assert.DoesNotContain(Check.Run(SampleFacts.Running with { File = file }), finding => finding.Severity == Severity.Error);
        Assert.DoesNotContain(Check.Run(SampleFacts.NotRunning with { File = file }), finding => finding.Severity == Severity.Error);
        Assert.Contains(Check.Run(SampleFacts.Running with { File = file, Device = new DeviceFacts("1.0.0", without) }), finding => finding.Id == "private-key-missing");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_InterfaceThatDoesNotAnswer_IsNotSaidToHaveItsPortTakenByItself(bool isForbidden)
    {
        Facts facts = SampleFacts.NotRunning with { Socket = isForbidden ? SocketState.Forbidden : SocketState.Broken, Link = SampleFacts.Link, System = SampleFacts.Machine };

        Assert.DoesNotContain(Check.Run(facts), finding => finding.Id == "port-taken");
    }

    [Fact]
    public void Run_FirewallForAFamilyThatTheMachineHasNot_FindsNothing()
    {
        string rules = Provoked.Chain("input", "drop").Replace("\"inet\"", "\"ip6\"", StringComparison.Ordinal);
        Facts facts = SampleFacts.Running with { System = SampleFacts.Machine with { UpstreamIPv6 = null, Ruleset = NftRuleset.Parse(rules) } };

        Assert.DoesNotContain(Check.Run(facts), finding => finding.Id == "port-filtered");
    }

    [Fact]
    public void Run_TenThousandPeersThatHaveWhatTheirFileSays_TakesNoMinutes()
    {
        PeerFacts[] peers = [.. Enumerable.Range(0, 10_000).Select(i =>
        {
            byte[] key = new byte[32];
            BitConverter.TryWriteBytes(key, i + 1);
            return new PeerFacts(new WgNet.Protocol.PublicKey(key), $"peer {i}")
            {
                AllowedIps = SampleFacts.Prefixes($"10.{i >> 8}.{i & 255}.0/24", $"2001:db8:{i:x}::1/128"),
                LearnableIps = SampleFacts.Prefixes($"2001:db8:{i:x}::/64", "fe80::/64"),
            };
        })];
        TunnelFacts tunnel = SampleFacts.Tunnel(peers);
        Facts facts = SampleFacts.Running with
        {
            File = SampleFacts.ConfigFile with { Tunnel = tunnel },
            Device = new DeviceFacts("1.0.0", tunnel),
            Link = SampleFacts.Link with { Routes = [.. peers.SelectMany(peer => peer.AllowedIps)] },
            System = SampleFacts.Machine with { Advertisers = [SampleFacts.Machine.Advertisers[0] with { Prefixes = SampleFacts.Prefixes("2001:db8::/32") }] },
        };
        long start = System.Diagnostics.Stopwatch.GetTimestamp();

        Assert.DoesNotContain(Check.Run(facts), finding => finding.Id is "not-applied" or "learnable-hidden" or "route-missing" or "reverse-path-strict");
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Read_OfADevice_NeitherReadsItNorSaysToChangeIt()
    {
        IReadOnlyList<Finding> findings = Check.Run(SampleFacts.NotRunning with { File = FileReader.Read("/dev/zero", "wg0") });

        Assert.Equal("/dev/zero: a pipe or a device, and no file", Assert.Single(findings, finding => finding.Id == "configuration-refused").What);
        Assert.Equal(Severity.Skipped, Assert.Single(findings, finding => finding.Id == "permissions").Severity);
        Assert.DoesNotContain(findings, finding => finding.Mends.Any(mend => mend.Text.Contains("chmod", StringComparison.Ordinal)));
    }

    [Fact]
    public void Findings_InTheSources_AreAllProvokedAndDocumented()
    {
        string[] written = [.. Directory.EnumerateFiles(Path.Combine(Root(), "src/Cli/Doctor/Checks"), "*.cs").SelectMany(file => Id().Matches(File.ReadAllText(file)))
            .Select(match => $"{match.Groups["id"].Value} {(match.Groups["severity"].Value == "Error" ? "error" : "warning")}").Distinct().Order(StringComparer.Ordinal)];

        Assert.NotEmpty(written);
        Assert.Equal(written, Provoked.All.Select(provoked => $"{provoked.Id} {(provoked.Severity == Severity.Error ? "error" : "warning")}").Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(
            written.GroupBy(row => row.Split(' ')[0]).Select(rows => $"{rows.Key} {string.Join(" or ", rows.Select(row => row.Split(' ')[1]))}"),
            Row().Matches(File.ReadAllText(Path.Combine(Root(), "docs/doctor.md"))).Select(row => $"{row.Groups["id"].Value} {row.Groups["severity"].Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Run_OfAPeerThatHasThePrivateKey_NeverNamesTheKey()
    {
        byte[] secret = new byte[32];
        Array.Fill(secret, (byte)0x48);
        string key = Convert.ToBase64String(secret), path = Path.Combine(Path.GetTempPath(), $"wgt{Environment.ProcessId}.conf");
        File.WriteAllText(path, $"[Interface]\nPrivateKey = {key}\n[Peer]\nPublicKey = {key}\n");
        try
        {
            FileFacts file = FileReader.Read(path, "wg0");
            IReadOnlyList<Finding> findings = Check.Run(new Facts("wg0") { File = file });

            Assert.Contains(findings, finding => finding.Id == "keys-swapped");
            Assert.All(findings, finding => Assert.DoesNotContain(key[..8], finding.ToString() + string.Join("", finding.Mends), StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Read_OfAFile_KeepsWhatIsAskedOfIt()
    {
        string folder = Directory.CreateTempSubdirectory("wgt-").FullName;
        try
        {
            string path = Path.Combine(folder, "wg0.conf");
            File.WriteAllText(path, "[Interface]\nPrivateKeyFile = %i.key\nAddress = 10.0.0.1/24\n[Peer]\nAllowedIPs = 10.0.0.2, 10.0.0.3\nPublicKey = AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\nEndpoint = gw.example:51820\n");
            File.WriteAllText(Path.Combine(folder, "wg0.key"), Convert.ToBase64String(SampleKey()));
            File.SetUnixFileMode(path, SampleFacts.Octal(640));
            FileFacts file = FileReader.Read(path, "wg0");

            Assert.Null(file.Refusal);
            Assert.Equal([path, Path.Combine(folder, "wg0.key")], file.Access.Select(access => access.Path));
            Assert.Equal(SampleFacts.Octal(640), file.Access[0].Mode);
            PeerFacts peer = Assert.Single(file.Tunnel!.Peers);
            Assert.Equal(("gw.example:51820", 6, true), (peer.EndpointName, peer.Line, peer.HasEndpoint));
            Assert.Equal(2, peer.AllowedIps.Count);
            Assert.True(file.Tunnel is { HasPrivateKey: true, HasPrivateKeyShape: true });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static byte[] SampleKey()
    {
        byte[] key = new byte[32];
        key[31] = 0x40;
        return key;
    }

    private static string Root([CallerFilePath] string thisFile = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "../../../.."));

    [GeneratedRegex(@"Finding\.(?<severity>Warn|Error)\(\s*""(?<id>[a-z0-9-]+)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Id();

    [GeneratedRegex(@"^\| `(?<id>[a-z0-9-]+)` \| (?<severity>error|warning|error or warning) \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Row();
}
