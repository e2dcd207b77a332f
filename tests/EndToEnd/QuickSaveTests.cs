using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary><c>wgnet save</c> and SaveConfig, beside what <c>wg-quick save</c> writes for the same interface.</summary>
public sealed class QuickSaveTests
{
    private static readonly KeyPair Own = KeyPair.Generate(), First = KeyPair.Generate(), Second = KeyPair.Generate();

    [Fact]
    public void Save_EverySettingOfWgQuick_WritesWhatWgQuickWrites()
    {
        using var lab = new QuickLab();
        lab.AddResolvconf();
        lab.Write($"""
            # lost
            [Interface]
            PrivateKey = {Own.Private}
            ListenPort = 51900
            Address = 10.0.0.1/24, fd00::1/64
            DNS = 10.0.0.53, fd00::53
            MTU = 1400
            PostDown = echo down %i; true
            PreUp = echo before
            Table = auto
            SaveConfig = true

            [Peer] # lost
            PublicKey = {First.Public}
            PresharedKey = {Second.Private}
            AllowedIPs = 0.0.0.0/0, 10.9.0.0/16
            Endpoint = 172.16.1.2:51820
            PersistentKeepalive = 25
            """);
        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);
        lab.Host.Run($"ip address add 10.0.7.1/32 dev {lab.Name}");
        lab.Host.Run($"ip link set mtu 1390 dev {lab.Name}");
        lab.Host.Run($"wg set {lab.Name} peer {Second.Public} allowed-ips 10.5.0.0/16,fd05::/64");
        string original = File.ReadAllText(lab.ConfigurationFile);
        lab.MustRun(QuickLab.Stock, "save", lab.ConfigurationFile);
        // The kernel's own link-local address is no setting; a kernel's WireGuard has none.
        string stock = string.Concat(File.ReadAllLines(lab.ConfigurationFile).Where(line => !line.StartsWith("Address = fe80::", StringComparison.Ordinal)).Select(line => line + "\n"));

        lab.Write(original);
        lab.MustRun(Programs.WgNet, "save", lab.ConfigurationFile);

        Assert.Equal(stock, File.ReadAllText(lab.ConfigurationFile));
        Assert.Contains("MTU = 1390\n", stock, StringComparison.Ordinal);
        Assert.Contains("Address = 10.0.7.1/32\n", stock, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(lab.ConfigurationFile));
        Assert.Empty(Directory.GetFiles(lab.Lab.Folder, "*.tmp"));
    }

    [Fact]
    public void Down_SaveConfig_KeepsWhatWasSetAndWhatOnlyWgNetKnows()
    {
        using var lab = new QuickLab();
        string keys = Directory.CreateDirectory(Path.Combine(lab.Lab.Folder, "keys")).FullName;
        File.WriteAllText(Path.Combine(keys, "private"), Own.Private + "\n");
        File.WriteAllText(Path.Combine(keys, "preshared"), Second.Private + "\n");
        string link = Path.Combine(lab.Lab.Folder, "link", lab.Name + ".conf");
        _ = Directory.CreateDirectory(Path.GetDirectoryName(link)!);
        _ = File.CreateSymbolicLink(link, lab.ConfigurationFile);
        lab.Write($"""
            [Interface]
            PrivateKeyFile = {keys}/private
            ListenPort = 51901
            Address = fd00::1/64
            LearnLimit = 5
            LearnableIPs = fd00::/64
            Workers = 2
            MetricsListen = 127.0.0.1:9586
            StateFile = off
            SaveConfig = true

            [Peer]
            PublicKey = {First.Public}
            PresharedKeyFile = keys/preshared
            LearnTimeout = 1h

            [Peer]
            PublicKey = {Second.Public}
            LearnableIPs =
            AllowedIPs = fd00::2/128
            LearnLimit = 7
            """);
        lab.MustRun(Programs.WgNet, "up", link);
        Assert.Equal(0, UapiSocket.Set(lab.Name, "listen_port=51902", "public_key=" + First.PublicHex, "learnable_ip=fd09::/64"));
        lab.MustRun(Programs.WgNet, "down", link);

        string expected = $"""
            [Interface]
            Address = fd00::1/64
            SaveConfig = true
            LearnLimit = 5
            LearnableIPs = fd00::/64
            ListenPort = 51902
            Workers = 2
            MetricsListen = 127.0.0.1:9586
            StateFile = off
            PrivateKeyFile = {keys}/private

            [Peer]
            PublicKey = {First.Public}
            PresharedKeyFile = keys/preshared
            LearnableIPs = fd00::/64, fd09::/64
            LearnTimeout = 3600

            [Peer]
            PublicKey = {Second.Public}
            AllowedIPs = fd00::2/128
            LearnableIPs = {""}
            LearnLimit = 7

            """;
        Assert.Equal(expected, File.ReadAllText(lab.ConfigurationFile));
        Assert.NotNull(new FileInfo(link).LinkTarget);

        // What was saved is what comes up again.
        lab.MustRun(Programs.WgNet, "up", link);
        lab.MustRun(Programs.WgNet, "save", link);
        Assert.Equal(expected, File.ReadAllText(lab.ConfigurationFile));
    }

    [Fact]
    public void Save_KeyChangedBesideItsFile_LeavesTheFileAndSaysSo()
    {
        using var lab = new QuickLab();
        string key = Path.Combine(lab.Lab.Folder, "private");
        File.WriteAllText(key, Own.Private + "\n");
        lab.Write($"[Interface]\nPrivateKeyFile = private\nAddress = 10.0.0.1/24\n");
        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);
        Assert.Equal(0, UapiSocket.Set(lab.Name, "private_key=" + KeyPair.Hex(First.Private)));

        CommandResult save = lab.Run(Programs.WgNet, "save", lab.ConfigurationFile);

        Assert.True(save.Succeeded, save.ToString());
        Assert.Contains("[!] the private key in use is not the one in `private', which is left as it is", save.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(First.Private, File.ReadAllText(lab.ConfigurationFile), StringComparison.Ordinal);
        Assert.Equal(Own.Private + "\n", File.ReadAllText(key));
    }

    [Fact]
    public void Down_SaveImpossible_LeavesTheInterfaceUp()
    {
        using var lab = new QuickLab();
        lab.Write($"[Interface]\nPrivateKey = {Own.Private}\nAddress = 10.0.0.1/24\nSaveConfig = true\n");
        lab.MustRun(Programs.WgNet, "up", lab.ConfigurationFile);
        string before = lab.State();
        string text = File.ReadAllText(lab.ConfigurationFile);

        // No file can be made there; root asks no permission, but a file system that is read-only.
        CommandResult down = lab.Host.TryRun(
            ["unshare", "--mount", "sh", "-c", $"mount --bind {lab.Lab.Folder} {lab.Lab.Folder} && mount -o remount,bind,ro {lab.Lab.Folder} && exec {Programs.WgNet} down {lab.ConfigurationFile}"]);

        Assert.Equal(1, down.ExitCode);
        Assert.Contains($"wgnet: `wgnet showconf {lab.Name} > {lab.ConfigurationFile}' failed: Read-only file system", down.Error, StringComparison.Ordinal);
        Assert.Equal(before, lab.State());
        Assert.Equal(text, File.ReadAllText(lab.ConfigurationFile));
    }
}
