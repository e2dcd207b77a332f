using System.Globalization;
using System.Net;
using System.Net.Sockets;
using WgNet.Device;
using WgNet.Udp;

namespace WgNet.Uapi;

/// <summary>Looks the names of endpoints up, as patiently as wg(8): a network that is not there yet is waited for, a wrong name is not.</summary>
public static class EndpointResolver
{
    private const string RetriesVariable = "WG_ENDPOINT_RESOLUTION_RETRIES";
    private const int DefaultRetries = 15;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1), LongestDelay = TimeSpan.FromSeconds(20);

    /// <summary>Fills in the endpoints of the peers that have only a name.</summary>
    /// <param name="waiting">Told about each lookup that is going to be repeated.</param>
    /// <param name="sleep">Spends the time until then; throws to give up.</param>
    /// <exception cref="ConfigurationException">A name has no address.</exception>
    public static void ResolveAll(DeviceUpdate update, Action<string>? waiting = null, Action<TimeSpan>? sleep = null)
    {
        foreach (PeerUpdate peer in update.Peers)
        {
            if (peer.Endpoint is null && !string.IsNullOrEmpty(peer.EndpointHost))
            {
                peer.Endpoint = Resolve(peer.EndpointHost, waiting, sleep);
            }
        }
    }

    /// <param name="text"><c>host:port</c>.</param>
    /// <exception cref="ConfigurationException">It is malformed, or the name has no address.</exception>
    public static Endpoint Resolve(string text, Action<string>? waiting = null, Action<TimeSpan>? sleep = null)
    {
        if (Endpoint.TryParse(text, out Endpoint? endpoint))
        {
            return endpoint;
        }

        if (!EndpointName.TrySplit(text, out ReadOnlySpan<char> host, out ushort port))
        {
            throw new ConfigurationException($"`{text}' is not an endpoint: {EndpointName.Expected}", WgNet.Linux.Errno.EINVAL);
        }

        return new Endpoint(LookUp(text, host.ToString(), waiting, sleep ?? Thread.Sleep), port);
    }

    private static IPAddress LookUp(string text, string host, Action<string>? waiting, Action<TimeSpan> sleep)
    {
        TimeSpan delay = FirstDelay;
        for (int retries = Retries(); ; retries--)
        {
            try
            {
                // In the order of getaddrinfo(3), which sorts by what this host can reach.
                return Dns.GetHostAddresses(host)[0];
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.TryAgain && retries > 0)
            {
                waiting?.Invoke(string.Create(CultureInfo.InvariantCulture,
                    $"{e.Message}: `{text}'. Trying again in {delay.TotalSeconds:0.00} seconds..."));
                sleep(delay);
                delay = delay * 1.2 < LongestDelay ? delay * 1.2 : LongestDelay;
            }
            catch (Exception e) when (e is SocketException or IndexOutOfRangeException or ArgumentException)
            {
                throw new ConfigurationException($"the endpoint `{text}' has no address: {e.Message}", WgNet.Linux.Errno.EADDRNOTAVAIL);
            }
        }
    }

    private static int Retries() => Environment.GetEnvironmentVariable(RetriesVariable) switch
    {
        null => DefaultRetries,
        "infinity" => int.MaxValue,
        string text when UapiValue.TryParseNumber(text, int.MaxValue, out ulong retries) => (int)retries,
        string text => throw new ConfigurationException($"{RetriesVariable} is `{text}': expected a number or infinity", WgNet.Linux.Errno.EINVAL),
    };
}
