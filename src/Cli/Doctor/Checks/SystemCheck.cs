namespace WgNet.Cli.Doctor;

/// <summary>What WgNet needs of the machine.</summary>
internal static class SystemCheck
{
    public static readonly Check Check = new("system", "/dev/net/tun and libsodium are there", Examine);

    private static IEnumerable<Finding> Examine(Facts facts)
    {
        if (!facts.System.HasTunDevice)
        {
            yield return Finding.Error("no-tun", "there is no /dev/net/tun", "no interface can be made", Mend.Run("modprobe tun"));
        }

        if (!facts.System.HasSodium)
        {
            yield return Finding.Error("no-libsodium", "libsodium.so.23 cannot be loaded", "no interface can run", Mend.Run("apt-get install libsodium23"));
        }
    }
}
