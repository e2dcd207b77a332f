using System.Net;
using WgNet.Protocol;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>How a device is put together: what the environment decides, not the configuration.</summary>
public sealed class DeviceOptions
{
    /// <summary>The protocol's times; only tests shorten them.</summary>
    public ProtocolOptions Protocol { get; init; } = new();

    /// <summary>Join packets of one flow into super-packets for the kernel.</summary>
    public bool Coalesce { get; init; } = true;

    /// <summary>Workers a direction, while the configuration leaves them to <see cref="WorkerCount.Automatic"/>.</summary>
    public int Workers { get; init; } = WorkerCount.ByCores;

    /// <summary>How long little must come before one thread does both directions; only tests shorten it.</summary>
    public TimeSpan Calm { get; init; } = InterfaceWatch.Calm;

    /// <summary>Opens the outside sockets on a port (0: any) with a firewall mark. Called on bring-up and when the port changes.</summary>
    public required Func<ushort, uint, IUdpSockets> OpenSockets { get; init; }

    /// <summary>
    /// The addresses of a name, as the system knows them: asks hosts(5) and name servers, may block for long, and throws a
    /// <see cref="System.Net.Sockets.SocketException"/> or an <see cref="ArgumentException"/> where there are none. Called on several threads.
    /// </summary>
    public Func<string, IPAddress[]> ResolveName { get; init; } = Dns.GetHostAddresses;

    /// <summary>
    /// Begins to serve a device's metrics, until disposed; throws a <see cref="ConfigurationException"/> if they cannot be served there.
    /// Null where metrics are not to be had.
    /// </summary>
    public Func<MetricsAddress, IMeasured, IDisposable>? ServeMetrics { get; init; }

    /// <summary>Where the highest handshake timestamp is kept across restarts; null keeps it in memory alone.</summary>
    public string? TimestampFile { get; init; }

    /// <summary>Where learned addresses and endpoints are kept across restarts; null forgets them with the device.</summary>
    public string? StateFile { get; init; }

    /// <summary>The shortest time between two writings of the state, five seconds unless a test shortens it.</summary>
    public TimeSpan? StateInterval { get; init; }
}
