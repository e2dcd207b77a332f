using System.Diagnostics;
using System.Text;
using WgNet.Linux;
using WgNet.Uapi;
using Xunit;

namespace WgNet.Unit.Uapi;

public sealed class UapiSetTests
{
    private const string Hex = "e84b5a6d2717c1003a13b431570353dbaca9146cf150c5f8575680feba52027a";
    private const string Peer = "public_key=" + Hex + "\n";

    [Theory]
    [InlineData("private_key=" + Hex)]
    [InlineData("private_key=0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("listen_port=0\nfwmark=0\nreplace_peers=true")]
    [InlineData("listen_port=65535\r\nfwmark=4294967295")]
    [InlineData("workers=0\nworkers=7")]
    [InlineData("metrics_listen=\nmetrics_listen=off\nmetrics_listen=/run/m\nmetrics_listen=[::1]:9586")]
    [InlineData("state_file=off\nstate_file=on")]
    [InlineData(Peer + "remove=true")]
    [InlineData(Peer + "update_only=true\nprotocol_version=1\nreplace_allowed_ips=true\nallowed_ip=10.0.0.1/8\nallowed_ip=-::/0")]
    [InlineData(Peer + "endpoint=192.0.2.1:1\nendpoint_host=a.example:1\npersistent_keepalive_interval=65535\npreshared_key=" + Hex)]
    [InlineData(Peer + "endpoint=[2001:db8::1]:1\nendpoint_host=")]
    [InlineData(Peer + "replace_learnable_ips=true\nlearnable_ip=2001:db8::/64\nlearnable_ip=-fd00::/8\nlearned_ip=-fd00::1/128\nlearn_limit=0\nlearn_timeout_sec=1")]
    [InlineData(Peer + "pinned_ip=2001:db8::1/128\npinned_ip=-2001:db8::2/128")]
    public void Parse_ValidRequest_IsAccepted(string text) => Assert.Null(Parse(text + "\n\n").Error);

    [Theory]
    [InlineData("nonsense", 2, Errno.EPROTO)]
    [InlineData("nonsense=1", 2, Errno.EINVAL)]
    [InlineData("allowed_ip=10.0.0.0/8", 2, Errno.EINVAL)]
    [InlineData("private_key=12", 2, Errno.EINVAL)]
    [InlineData("listen_port=65536", 2, Errno.EINVAL)]
    [InlineData("listen_port=-1", 2, Errno.EINVAL)]
    [InlineData("listen_port=", 2, Errno.EINVAL)]
    [InlineData("fwmark=0x10", 2, Errno.EINVAL)]
    [InlineData("fwmark=4294967296", 2, Errno.EINVAL)]
    [InlineData("workers=8", 2, Errno.EINVAL)]
    [InlineData("workers=-1", 2, Errno.EINVAL)]
    [InlineData("workers=two", 2, Errno.EINVAL)]
    [InlineData("metrics_listen=run/m", 2, Errno.EINVAL)]
    [InlineData("metrics_listen=localhost:1", 2, Errno.EINVAL)]
    [InlineData("metrics_listen=[::1]:0", 2, Errno.EINVAL)]
    [InlineData("state_file=true", 2, Errno.EINVAL)]
    [InlineData("state_file=OFF", 2, Errno.EINVAL)]
    [InlineData("replace_peers=false", 2, Errno.EINVAL)]
    [InlineData("public_key=00", 2, Errno.EINVAL)]
    [InlineData(Peer + "listen_port=1", 3, Errno.EINVAL)]
    [InlineData(Peer + "remove=1", 3, Errno.EINVAL)]
    [InlineData(Peer + "update_only=false", 3, Errno.EINVAL)]
    [InlineData(Peer + "preshared_key=xx", 3, Errno.EINVAL)]
    [InlineData(Peer + "endpoint=host:1", 3, Errno.EINVAL)]
    [InlineData(Peer + "endpoint=010.0.0.1:1", 3, Errno.EINVAL)]
    [InlineData(Peer + "endpoint=::1:1", 3, Errno.EINVAL)]
    [InlineData(Peer + "persistent_keepalive_interval=off", 3, Errno.EINVAL)]
    [InlineData(Peer + "allowed_ip=10.0.0.1", 3, Errno.EINVAL)]
    [InlineData(Peer + "allowed_ip=10.0.0.1/33", 3, Errno.EINVAL)]
    [InlineData(Peer + "allowed_ip=::1/64/1", 3, Errno.EINVAL)]
    [InlineData(Peer + "protocol_version=2", 3, Errno.EINVAL)]
    [InlineData(Peer + "learnable_ip=10.0.0.0/8", 3, Errno.EINVAL)]
    [InlineData(Peer + "learned_ip=2001:db8::1/128", 3, Errno.EINVAL)]
    [InlineData(Peer + "pinned_ip=2001:db8::1/64", 3, Errno.EINVAL)]
    [InlineData(Peer + "pinned_ip=10.0.0.1/32", 3, Errno.EINVAL)]
    [InlineData(Peer + "pinned_ip=-", 3, Errno.EINVAL)]
    [InlineData(Peer + "learn_limit=65537", 3, Errno.EINVAL)]
    [InlineData(Peer + "learn_timeout_sec=0", 3, Errno.EINVAL)]
    public void Set_BadLine_IsRefusedWithItsLineAndNothingIsApplied(string text, int line, int errno)
    {
        using var server = new ServerFixture();
        Assert.Equal($"errno=-{errno}\n\nerrno=0\n\n", server.Exchange("set=1\n" + text + "\n\nget=1\n\n"));
        Assert.Empty(server.Device.Applied);
        Assert.Contains($"line {line}:", server.LogText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("private_key=5ec2e7")]
    [InlineData("private_kye=5ec2e7")]
    [InlineData(Peer + "preshared_key=5ec2e7")]
    [InlineData("5ec2e7")]
    public void Parse_BadSecret_IsNotShown(string text) =>
        Assert.DoesNotContain("5ec2e7", Parse(text + "\n\n").Error!.ToString(), StringComparison.Ordinal);

    [Fact]
    public void Parse_ErrorAfterKey_WipesKey()
    {
        UapiSetParser parser = Parse($"private_key={Hex}\nbad=1\n\n");
        Assert.NotNull(parser.Error);
        Assert.Equal(new byte[32], parser.Update.PrivateKey);
    }

    [Theory]
    [InlineData("/etc/wg0.key", "/etc/wg0.key")]
    [InlineData("", "")]
    [InlineData("relative.key", null)]
    [InlineData("/etc/two\tlines", null)]
    [InlineData("/etc/a#comment", null)]
    [InlineData("/etc/blank ", null)]
    [InlineData("/\u00ff", null)] // no UTF-8
    public void Parse_KeyFile_IsAPathThatAFileCanName(string path, string? expected)
    {
        UapiSetParser parser = UapiSetParser.Parse(System.Text.Encoding.Latin1.GetBytes($"private_key={Hex}\nprivate_key_file={path}\n\n"));
        Assert.Equal(expected is null, parser.Error is not null);
        Assert.Equal(expected, parser.Update.PrivateKeyFile);
    }

    [Fact]
    public void Parse_KeyFileLongerThanKept_IsRefused()
    {
        Assert.NotNull(Parse($"private_key_file=/{new string('x', KeyFile.MaxPathLength)}\n\n").Error);
        Assert.Null(Parse($"private_key_file=/{new string('x', KeyFile.MaxPathLength - 1)}\n\n").Error);
    }

    [Fact]
    public void Parse_KeyWithoutFile_EndsTheFileOfTheOneBefore()
    {
        WgNet.Device.DeviceUpdate update = Parse($"private_key={Hex}\n{Peer}preshared_key={Hex}\n\n").Update;
        Assert.Equal(("", ""), (update.PrivateKeyFile, update.Peers[0].PresharedKeyFile));
    }

    [Fact]
    public void Parse_EndpointWithoutName_RemovesName() =>
        Assert.Equal("", Parse(Peer + "endpoint=192.0.2.1:1\n\n").Update.Peers[0].EndpointHost);

    [Fact]
    public void Write_Pins_AreReadAsTheyWere()
    {
        var update = new WgNet.Device.DeviceUpdate();
        update.Peers.Add(new WgNet.Device.PeerUpdate(default));
        update.Peers[0].Pin.Add(5);
        update.Peers[0].Unpin.Add(6);
        var text = new System.Buffers.ArrayBufferWriter<byte>();
        UapiSetWriter.Write(update, text);
        UapiSetParser parser = UapiSetParser.Parse(text.WrittenSpan["set=1\n".Length..]);
        Assert.Null(parser.Error);
        Assert.Equal(((UInt128)5, (UInt128)6), (Assert.Single(parser.Update.Peers[0].Pin), Assert.Single(parser.Update.Peers[0].Unpin)));
    }

    /// <summary>Half a second when nothing runs beside it; were each line to cost more for those before it, it would be minutes.</summary>
    [Fact]
    public void Set_HundredThousandAllowedIps_IsAppliedWithinTenSeconds()
    {
        using var server = new ServerFixture();
        var text = new StringBuilder("set=1\n" + Peer);
        for (int i = 0; i < 100_000; i++)
        {
            _ = text.Append(System.Globalization.CultureInfo.InvariantCulture, $"allowed_ip=10.{i >> 16}.{(i >> 8) & 255}.{i & 255}/32\n");
        }

        var time = Stopwatch.StartNew();
        Assert.Equal("errno=0\n\n", server.Exchange(text.Append('\n').ToString()));
        Assert.InRange(time.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.Equal(100_000, server.Device.Applied[0].Peers[0].AllowedIps.Count);
    }

    private static UapiSetParser Parse(string text) => UapiSetParser.Parse(Encoding.Latin1.GetBytes(text));
}
