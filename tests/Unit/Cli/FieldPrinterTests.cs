using WgNet.Cli;
using WgNet.Cli.Show;
using WgNet.Device;
using Xunit;

namespace WgNet.Unit.Cli;

public sealed class FieldPrinterTests
{
    private const string First = "xxWX6tbaY40p4faQbHaDxiFfmAZcDR/EDxGWX4P0ZCc=", Second = "ofWdksV7qyzxzqgSf26Nokqyge1v2DHx++Q0k/McfUk=";

    // Printed by wg 1.0.20210914 for the same device; the learn fields are WgNet's.
    [Theory]
    [InlineData("public-key", "XCH6uJHZtLSGkz7MtMzaoGXP2euco0hub90dlcRea0M=\n")]
    [InlineData("private-key", "yDkML+w4G4Xjre0Zx8CteqbNjw6l5ZX0kALf4r/f4UQ=\n")]
    [InlineData("listen-port", "5555\n")]
    [InlineData("fwmark", "0x33\n")]
    [InlineData("peers", $"{First}\n{Second}\n")]
    [InlineData("preshared-keys", $"{First}\tezs4ObS9P8oE/s3FSuERL+T2gXHv10HWywIMxdTogiM=\n{Second}\t(none)\n")]
    [InlineData("endpoints", $"{First}\t1.2.3.4:55\n{Second}\t(none)\n")]
    [InlineData("allowed-ips", $"{First}\t10.0.0.0/24 fd00::/64\n{Second}\t(none)\n")]
    [InlineData("latest-handshakes", $"{First}\t0\n{Second}\t0\n")]
    [InlineData("transfer", $"{First}\t0\t0\n{Second}\t0\t0\n")]
    [InlineData("persistent-keepalive", $"{First}\t25\n{Second}\toff\n")]
    [InlineData("learnable-ips", $"{First}\t(none)\n{Second}\t(none)\n")]
    [InlineData("dump",
        "yDkML+w4G4Xjre0Zx8CteqbNjw6l5ZX0kALf4r/f4UQ=\tXCH6uJHZtLSGkz7MtMzaoGXP2euco0hub90dlcRea0M=\t5555\t0x33\n"
        + $"{First}\tezs4ObS9P8oE/s3FSuERL+T2gXHv10HWywIMxdTogiM=\t1.2.3.4:55\t10.0.0.0/24,fd00::/64\t0\t0\t0\t25\n"
        + $"{Second}\t(none)\t(none)\t(none)\t0\t0\t0\toff\n")]
    public void Print_Field_IsWgs(string field, string expected) => Assert.Equal(expected, Print(SampleDevices.TwoPeers(), field));

    [Fact]
    public void Print_EmptyDevice_SaysSoAsWg()
    {
        DeviceSnapshot empty = new();
        string[] fields = ["public-key", "private-key", "listen-port", "fwmark", "dump"];

        Assert.Equal("(none)\n(none)\n0\noff\n(none)\t(none)\t0\toff\n", string.Concat(fields.Select(field => Print(empty, field))));
    }

    [Fact]
    public void Print_LearnedIps_AreAddressesWithTheirAgeAndRefusalsByReason() => Assert.Equal(
        $"{First}\t2001:db8::1=5 2001:db8::5efe:102:304=7\tconflict=3 learn_rate_limited=1\n{Second}\t(none)\t(none)\n",
        Print(SampleDevices.Full(), "learned-ips"));

    [Fact]
    public void Print_AllInterfaces_EveryLineBeginsWithItsInterface()
    {
        foreach (string field in FieldPrinter.Names)
        {
            Assert.All(
                Print(SampleDevices.TwoPeers(), field, withInterface: true).TrimEnd('\n').Split('\n'),
                line => Assert.StartsWith("wgt0\t", line, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Print_UnknownField_IsAUsageError() => Assert.Throws<UsageException>(() => Print(new DeviceSnapshot(), "bogus"));

    private static string Print(DeviceSnapshot snapshot, string field, bool withInterface = false)
    {
        using StringWriter output = new();
        using DeviceView device = new("wgt0", snapshot, snapshot.PrivateKey is null ? null : SampleDevices.PublicKey);
        new FieldPrinter(output, withInterface).Print(device, field);
        return output.ToString();
    }
}
