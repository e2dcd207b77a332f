namespace WgNet.Uapi;

/// <summary>The two settings that give a secret key: itself, or the file that it stands in. A section has one of them.</summary>
/// <param name="kind">What a message calls the key.</param>
/// <param name="setting">The one that gives the key itself; the other is called the same with <c>File</c> behind it.</param>
internal sealed class SecretKeys(string kind, string setting)
{
    private string? _from;

    /// <summary>Null if none was given. Whoever takes it wipes it.</summary>
    public byte[]? Key { get; private set; }

    /// <summary>The file that the key stands in, empty if it stands in none; null if there is no key.</summary>
    public string? File { get; private set; }

    public void Take(in ConfigurationLine line) => Set(line, line.Secret(), "");

    public void TakeFile(in ConfigurationLine line) => Set(line, line.SecretFile(kind, out string file), file);

    public void Wipe() => Key.Wipe();

    private void Set(in ConfigurationLine line, byte[] key, string file)
    {
        Wipe();
        Key = key;
        File = file;
        string from = line.Key.ToUpperInvariant();
        if (_from is not null && _from != from)
        {
            throw line.RefuseSecret($"the {kind} key is given twice", $"either {setting} or {setting}File");
        }

        _from = from;
    }
}
