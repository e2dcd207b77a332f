using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd;

/// <summary>Keys in files of their own stay there, whatever is done with the configuration.</summary>
public sealed class KeyFileTests : IDisposable
{
    private readonly QuickLab _lab = new();
    private readonly KeyPair _own = KeyPair.Generate(), _peer = KeyPair.Generate(), _preshared = KeyPair.Generate();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void KeyFiles_ThroughUpShowconfSetconfAndSave_StayTheOnlyPlaceOfTheKeys()
    {
        string key = WriteKey("%i.key", _own.Private), preshared = WriteKey("peer.psk", _preshared.Private);
        _lab.Write($"""
            [Interface]
            PrivateKeyFile = keys/%i.key
            Address = fd00::1/64

            [Peer]
            PublicKey = {_peer.Public}
            PresharedKeyFile = ./keys/peer.psk
            AllowedIPs = fd00::2/128

            """);
        string written = File.ReadAllText(_lab.ConfigurationFile);
        Assert.DoesNotContain("arning", Must("up", _lab.ConfigurationFile).Error, StringComparison.Ordinal);
        AssertKeys(_own, _preshared.Private);

        string shown = Must("showconf", _lab.Name).Output;
        Assert.Contains($"\nPrivateKeyFile = {key}\n", shown, StringComparison.Ordinal);
        Assert.Contains($"\nPresharedKeyFile = {preshared}\n", shown, StringComparison.Ordinal);
        AssertNoSecret(shown);

        // Another device, so that it is the text alone which says where the keys are.
        Must("down", _lab.ConfigurationFile);
        _lab.Write(written.Replace("[Peer]", "ListenPort = 51903\n\n[Peer]", StringComparison.Ordinal));
        Must("up", _lab.ConfigurationFile);
        string text = Path.Combine(_lab.Lab.Folder, "shown.conf");
        File.WriteAllText(text, shown);
        Must("setconf", _lab.Name, text);
        Assert.Equal(shown, Must("showconf", _lab.Name).Output);
        AssertKeys(_own, _preshared.Private);

        // As the file had them, not as the device knows them.
        Must("save", _lab.ConfigurationFile);
        string saved = File.ReadAllText(_lab.ConfigurationFile);
        Assert.Contains("\nPrivateKeyFile = keys/%i.key\n", saved, StringComparison.Ordinal);
        Assert.Contains("\nPresharedKeyFile = ./keys/peer.psk\n", saved, StringComparison.Ordinal);
        AssertNoSecret(saved);
        AssertNoSecret(File.ReadAllText($"/run/wgnet/{_lab.Name}.applied"));

        // wg(8) knows of no files, so it gets the keys.
        string stripped = Must("strip", _lab.ConfigurationFile).Output;
        File.WriteAllText(text, stripped);
        _lab.Host.Run("wg", "setconf", _lab.Name, text);
        AssertKeys(_own, _preshared.Private);
        Assert.Contains($"PrivateKey = {_own.Private}\n", Must("showconf", _lab.Name).Output, StringComparison.Ordinal);
        Must("down", _lab.ConfigurationFile);
    }

    [Fact]
    public void Reload_KeyFileWithAnotherKey_TakesItAndSaysNoSecret()
    {
        string key = WriteKey("%i.key", _own.Private);
        _lab.Write("[Interface]\nPrivateKeyFile = keys/%i.key\n");
        Must("up", _lab.ConfigurationFile);
        Assert.Equal("", Must("reload", _lab.ConfigurationFile).Output);

        File.WriteAllText(key, _preshared.Private + "\n");
        CommandResult reload = Must("reload", _lab.ConfigurationFile);
        Assert.Equal("- PrivateKey = (hidden)\n+ PrivateKey = (hidden)\n", reload.Output);
        AssertNoSecret(reload.Output + reload.Error);
        AssertKeys(_preshared);
        Assert.Contains($"PrivateKeyFile = {key}\n", Must("showconf", _lab.Name).Output, StringComparison.Ordinal);

        // A key that comes otherwise ends what was known of the file.
        CommandResult set = _lab.Host.TryRun(["wg", "set", _lab.Name, "private-key", "/dev/stdin"], _own.Private + "\n");
        Assert.True(set.Succeeded, set.ToString());
        Assert.Contains($"PrivateKey = {_own.Private}\n", Must("showconf", _lab.Name).Output, StringComparison.Ordinal);
        Must("down", _lab.ConfigurationFile);
    }

    [Fact]
    public void KeyFiles_ThatEverybodyCanRead_AreWarnedOfByWhatReadsThem()
    {
        string key = WriteKey("%i.key", _own.Private), preshared = WriteKey("psk", _preshared.Private);
        File.SetUnixFileMode(Path.GetDirectoryName(key)!, (UnixFileMode)0x1ED);
        File.SetUnixFileMode(key, (UnixFileMode)0x1A4);
        File.SetUnixFileMode(preshared, (UnixFileMode)0x1A4);
        _lab.Write($"[Interface]\nPrivateKeyFile = keys/%i.key\n[Peer]\nPublicKey = {_peer.Public}\nPresharedKeyFile = keys/psk\n");
        string warnings = $"Warning: `{key}' is world accessible\nWarning: `{preshared}' is world accessible\n";

        Assert.StartsWith(warnings, Must("up", _lab.ConfigurationFile).Error, StringComparison.Ordinal);
        Assert.StartsWith(warnings, Must("reload", _lab.ConfigurationFile).Error, StringComparison.Ordinal);
        foreach (string verb in (string[])["setconf", "addconf", "syncconf"])
        {
            Assert.Equal(warnings, Must(verb, _lab.Name, _lab.ConfigurationFile).Error);
        }

        Must("down", _lab.ConfigurationFile);
    }

    // The name's %i is the interface, as in the configuration.
    private string WriteKey(string name, string key)
    {
        string folder = Path.Combine(_lab.Lab.Folder, "keys");
        _ = Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        string path = Path.Combine(folder, name.Replace("%i", _lab.Name, StringComparison.Ordinal));
        File.WriteAllText(path, key + "\n");
        return path;
    }

    private CommandResult Must(params string[] arguments)
    {
        CommandResult result = _lab.Run(Programs.WgNet, arguments);
        Assert.True(result.Succeeded, result.ToString());
        return result;
    }

    private void AssertKeys(KeyPair own, string? presharedKey = null)
    {
        Assert.Equal(own.Public, _lab.Host.Run($"wg show {_lab.Name} public-key").Trim());
        if (presharedKey is not null)
        {
            Assert.Equal($"{_peer.Public}\t{presharedKey}", _lab.Host.Run($"wg show {_lab.Name} preshared-keys").Trim());
        }
    }

    private void AssertNoSecret(string text)
    {
        Assert.DoesNotContain(_own.Private, text, StringComparison.Ordinal);
        Assert.DoesNotContain(_preshared.Private, text, StringComparison.Ordinal);
    }
}
