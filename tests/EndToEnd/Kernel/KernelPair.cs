using WgNet.EndToEnd.Harness;

namespace WgNet.EndToEnd.Kernel;

/// <summary>
/// WgNet and the guest's kernel as each other's peers; who knows the other's endpoint is the test's to say.
/// <code>
///   Local (WgNet)  10.9.0.1, fd09::1 ════════ 10.9.0.2, fd09::2  Remote (the kernel)
/// </code>
/// </summary>
public sealed class KernelPair : IDisposable
{
    public KernelPair(KernelGuest guest, params string[] environment)
    {
        Guest = guest;
        Local = Tunnel.Start(guest.Host, Implementation.WgNet, environment);
        try
        {
            Remote = new KernelInterface(guest);
            Local.ListenOn(Tunnel.Port);
            Local.Set($"peer {Remote.Keys.Public} allowed-ips {TunnelPair.RightAllowedIps}");
            Remote.Set($"peer {Local.Keys.Public} allowed-ips {TunnelPair.LeftAllowedIps}");
            Local.Up(TunnelPair.DefaultMtu, TunnelPair.LeftIPv4 + "/24", TunnelPair.LeftIPv6 + "/64");
            Remote.Up(TunnelPair.RightIPv4 + "/24", TunnelPair.RightIPv6 + "/64");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public KernelGuest Guest { get; }

    public Tunnel Local { get; }

    public KernelInterface Remote { get; }

    /// <summary>WgNet knows where the kernel is, and so can speak first.</summary>
    public void TellLocal(Outside outside) =>
        Local.Set($"peer {Remote.Keys.Public} endpoint {Tunnel.Endpoint(KernelGuest.Address(outside))}");

    /// <summary>The kernel knows where WgNet is, and so can speak first.</summary>
    public void TellRemote(Outside outside) =>
        Remote.Set($"peer {Local.Keys.Public} endpoint {Tunnel.Endpoint(Guest.Host.Address(outside))}");

    public void Dispose()
    {
        Remote?.Dispose();
        Local.Daemon.Dispose();
    }
}
