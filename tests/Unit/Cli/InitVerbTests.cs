using WgNet.Uapi;
using Xunit;

namespace WgNet.Unit.Cli;

/// <summary>What <c>wgnet init</c> writes and refuses. That the files work is in the end-to-end tests.</summary>
public sealed class InitVerbTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder = Directory.CreateTempSubdirectory("wgnet-init").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Init_TwoClients_WritesFilesThatAreValidAndFitTogether()
    {
        CommandRun run = Init("laptop", "phone");
        Assert.True(run.ExitCode == 0, run.Error);
        var gateway = ConfigurationFile.Load(Path.Combine(_folder, "wg0.conf"), ConfigurationMode.Replace);
        Assert.Equal(2, gateway.Update.Peers.Count);
        Assert.Equal("fe80::1/64, 2001:db8:1:2::1/64", string.Join(", ", gateway.Quick.Addresses.Select(address => $"{address.Address}/{address.PrefixLength}")));
        Assert.Equal(51820, (int)gateway.Update.ListenPort!);
        HashSet<string> linkLocals = [];
        foreach ((string name, int i) in (ReadOnlySpan<(string, int)>)[("laptop", 0), ("phone", 1)])
        {
            var client = ConfigurationFile.Load(Path.Combine(_folder, "wg0-clients", name + ".conf"), ConfigurationMode.Replace);
            var toGateway = Assert.Single(client.Update.Peers);
            Assert.Equal("vpn.example.org:51820", toGateway.EndpointHost);
            Assert.Equal(PublicKeyOf(gateway.Update.PrivateKey!), toGateway.PublicKey.ToString());
            Assert.Equal(PublicKeyOf(client.Update.PrivateKey!), gateway.Update.Peers[i].PublicKey.ToString());
            Assert.Equal(gateway.Update.Peers[i].PresharedKey, toGateway.PresharedKey);
            Assert.Equal(["2001:db8:1:2::/64", "fe80::/64"], gateway.Update.Peers[i].LearnableIps.Select(learnable => learnable.Prefix.ToString()));
            Assert.True(linkLocals.Add(Assert.Single(client.Quick.Addresses).Address.ToString()), "two clients have one link-local address");
        }
    }

    /// <summary>A gateway that is reached by the route it learned would otherwise be cut off a while after it begins to forward.</summary>
    [Fact]
    public void Init_WhatToDoNext_KeepsTheGatewaysOwnRouteBeforeItForwards()
    {
        CommandRun run = Init("laptop");
        int route = run.Out.IndexOf("\nsysctl -w net.ipv6.conf.eth0.accept_ra=2\n", StringComparison.Ordinal);
        Assert.InRange(route, 1, run.Out.IndexOf("\nsysctl -w net.ipv6.conf.all.forwarding=1\n", StringComparison.Ordinal));
    }

    [Fact]
    public void Init_AllFiles_AreTheOwnersAlone()
    {
        Assert.Equal(0, Init("laptop").ExitCode);
        string[] files = Directory.GetFiles(_folder, "*", SearchOption.AllDirectories);
        Assert.Equal(4, files.Length);
        Assert.All(files, file => Assert.Equal(OwnerOnly, File.GetUnixFileMode(file)));
        Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Combine(_folder, "wg0-clients")));
    }

    [Theory]
    [InlineData("wg0.conf")]
    [InlineData("wg0.key")]
    [InlineData("wg0-phone.psk")]
    [InlineData("wg0-clients/phone.conf")]
    public void Init_FileThatExists_IsLeftAndNothingIsWritten(string file)
    {
        string path = Path.Combine(_folder, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, "precious");
        CommandRun run = Init("laptop", "phone");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"`{path}' exists already", run.Error, StringComparison.Ordinal);
        Assert.Equal([path], Directory.GetFiles(_folder, "*", SearchOption.AllDirectories));
        Assert.Equal("precious", File.ReadAllText(path));
    }

    [Theory]
    [InlineData("an interface name is missing")]
    [InlineData("is not an interface name", "a/b", "--prefix", "2001:db8::/64", "--endpoint", "h", "c")]
    [InlineData("--prefix is missing", "wg0", "--endpoint", "h", "c")]
    [InlineData("--prefix needs a value", "wg0", "--prefix")]
    [InlineData("--prefix `10.0.0.0/8'", "wg0", "--prefix", "10.0.0.0/8", "--endpoint", "h", "c")]
    [InlineData("--prefix `2001:db8::/56'", "wg0", "--prefix", "2001:db8::/56", "--endpoint", "h", "c")]
    [InlineData("link-local", "wg0", "--prefix", "fe80::/64", "--endpoint", "h", "c")]
    [InlineData("--endpoint is missing", "wg0", "--prefix", "2001:db8::/64", "c")]
    [InlineData("--endpoint `a b'", "wg0", "--prefix", "2001:db8::/64", "--endpoint", "a b", "c")]
    [InlineData("--endpoint `a\nPostUp=x'", "wg0", "--prefix", "2001:db8::/64", "--endpoint", "a\nPostUp=x", "c")]
    [InlineData("--endpoint `h:0'", "wg0", "--prefix", "2001:db8::/64", "--endpoint", "h:0", "c")]
    [InlineData("--endpoint `[2001:db8::1]:0'", "wg0", "--prefix", "2001:db8::/64", "--endpoint", "[2001:db8::1]:0", "c")]
    [InlineData("--listen-port `0'", "wg0", "--prefix", "2001:db8::/64", "--endpoint", "h", "--listen-port", "0", "c")]
    [InlineData("--dns `x'", "wg0", "--prefix", "2001:db8::/64", "--endpoint", "h", "--dns", "x", "c")]
    [InlineData("`--frob' is not an option", "wg0", "--frob")]
    [InlineData("a client's name is missing", "wg0", "--prefix", "2001:db8::/64", "--endpoint", "h")]
    [InlineData("`../c' cannot be a client's name", "wg0", "--prefix", "2001:db8::/64", "--endpoint", "h", "../c")]
    [InlineData("`C' is named twice", "wg0", "--prefix", "2001:db8::/64", "--endpoint", "h", "c", "C")]
    public void Init_BadArguments_AreRefusedByName(string message, params string[] arguments)
    {
        CommandRun run = CommandRun.Of(["init", .. arguments]);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1:51999")]
    [InlineData("2001:db8::1", "[2001:db8::1]:51999")]
    [InlineData("[2001:db8::1]", "[2001:db8::1]:51999")]
    [InlineData("[2001:db8::1]:7", "[2001:db8::1]:7")]
    [InlineData("vpn.example.org:7", "vpn.example.org:7")]
    public void Init_Endpoint_GetsThePortUnlessItHasOne(string endpoint, string expected)
    {
        CommandRun run = CommandRun.Of(
            ["init", "wg0", "--prefix", "2001:db8:1:2::/64", "--endpoint", endpoint, "--listen-port", "51999", "--directory", _folder, "c"]);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Contains($"\nEndpoint = {expected}\n", File.ReadAllText(Path.Combine(_folder, "wg0-clients/c.conf")), StringComparison.Ordinal);
    }

    [Fact]
    public void Init_Qr_PrintsASquareForEachClient()
    {
        CommandRun run = CommandRun.Of(
            ["init", "wg0", "--prefix", "2001:db8:1:2::/64", "--endpoint", "h", "--directory", _folder, "--qr", "a", "b"]);
        string[] rows = [.. run.Out.Split('\n').Where(line => line.Contains('█', StringComparison.Ordinal))];
        Assert.NotEmpty(rows);

        // Two rows of modules a line, for each of two codes of one size or nearly so; the last line of a code may be all dark.
        Assert.InRange(rows.Length, rows[0].Length - 2, rows[0].Length + 8);
        Assert.All(rows, row => Assert.InRange(row.Length, rows[0].Length - 4, rows[0].Length + 4));
    }

    private static string PublicKeyOf(ReadOnlySpan<byte> privateKey) => WgNet.Cli.Keys.KeyText.PublicKeyOf(privateKey).ToString();

    private CommandRun Init(params string[] clients) => CommandRun.Of(
        ["init", "wg0", "--prefix", "2001:db8:1:2::/64", "--endpoint", "vpn.example.org", "--directory", _folder, .. clients]);
}
