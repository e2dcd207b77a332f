namespace WgNet.EndToEnd.Harness;

/// <summary>radvd(8), the router advertisement daemon, on a tunnel's interface.</summary>
public static class Radvd
{
    /// <summary>Advertises the prefix to who solicits; ends with the gateway's host.</summary>
    /// <returns>The running daemon.</returns>
    public static Daemon Start(Tunnel gateway, string folder, string prefix) => Start(gateway.Host, gateway.Name, folder, prefix);

    public static Daemon Start(Host gateway, string interfaceName, string folder, string prefix)
    {
        string file = Path.Combine(folder, interfaceName + ".radvd.conf");
        File.WriteAllText(
            file,
            $$"""
            interface {{interfaceName}} {
              AdvSendAdvert on;
              UnicastOnly on;
              prefix {{prefix}} { };
            };
            """);
        Daemon radvd = gateway.Start(
            "radvd", "-n", "-m", "stderr", "-C", file, "-p", Path.Combine(folder, interfaceName + ".radvd.pid"));
        Thread.Sleep(100);
        Assert.False(radvd.HasExited, radvd.Log);
        return radvd;
    }
}
