namespace WgNet.TestBed;

/// <summary>Keys in base64, as wg(8) writes them.</summary>
public sealed record KeyPair(string Private, string Public)
{
    public string PublicHex => Hex(Public);

    public static KeyPair Generate()
    {
        string key = Command.Run("wg", "genkey").Trim();
        return new KeyPair(key, Command.TryRun(["wg", "pubkey"], key + "\n").Output.Trim());
    }

    /// <summary>As the UAPI writes keys.</summary>
    public static string Hex(string base64) => Convert.ToHexStringLower(Convert.FromBase64String(base64));
}
