using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using WgNet.Device;
using WgNet.Udp;

namespace WgNet.Uapi;

/// <summary>
/// Looks up the names of endpoints for a device that is about to be configured. WgNet's own goes on by itself where that does not
/// succeed at once. For another implementation's, it is done as patiently as by wg(8): a network that is not there yet is waited for,
/// a wrong name is not.
/// </summary>
public static class EndpointResolver
{
    private const string RetriesVariable = "WG_ENDPOINT_RESOLUTION_RETRIES";
    private const int DefaultRetries = 15;

    // Names at a time, and how long they may take together before they are left to the device.
    private const int MostThreads = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1), LongestDelay = TimeSpan.FromSeconds(20);

    /// <summary>Fills in the endpoints of the peers that have only a name, as far as the device needs that.</summary>
    /// <param name="warn">Told about each name that is left to the device, and each lookup that is going to be repeated.</param>
    /// <param name="sleep">Spends the time until then; throws to give up.</param>
    /// <returns>Whether a name was left to the device.</returns>
    /// <exception cref="ConfigurationException">A name has no address, and the device cannot look it up by itself.</exception>
    /// <exception cref="UapiException">The device does not answer.</exception>
    public static bool ResolveFor(string interfaceName, DeviceUpdate update, Action<string> warn, Action<TimeSpan>? sleep = null)
    {
        PeerUpdate[] unresolved = [.. update.Peers.Where(peer => peer is { Endpoint: null, EndpointHost.Length: > 0 })];
        if (unresolved.Length == 0)
        {
            return false;
        }

        _ = Retries();
        if (UapiClient.IsWgNet(interfaceName))
        {
            return !TryResolveAtOnce(interfaceName, unresolved, warn);
        }

        foreach (PeerUpdate peer in unresolved)
        {
            peer.Endpoint = Resolve(peer.EndpointHost!, warn, sleep);
        }

        return false;
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

    // Each once, on threads of their own: one that hangs cannot be ended, and is left behind.
    private static bool TryResolveAtOnce(string interfaceName, PeerUpdate[] peers, Action<string> warn)
    {
        string[] names = [.. peers.Select(peer => peer.EndpointHost!).Distinct(StringComparer.Ordinal)];
        var waiting = new ConcurrentQueue<string>(names);
        var results = new ConcurrentDictionary<string, (Endpoint? Endpoint, string Reason)>(StringComparer.Ordinal);
        Thread[] threads = [.. Enumerable.Range(0, Math.Min(names.Length, MostThreads)).Select(_ => new Thread(Work) { IsBackground = true })];
        Array.ForEach(threads, thread => thread.Start());
        long start = Stopwatch.GetTimestamp();
        Array.ForEach(threads, thread => thread.Join(Left()));
        waiting.Clear();
        foreach (PeerUpdate peer in peers)
        {
            peer.Endpoint = results.GetValueOrDefault(peer.EndpointHost!).Endpoint;
        }

        foreach (string name in peers.Where(peer => peer.Endpoint is null).Select(peer => peer.EndpointHost!).Distinct(StringComparer.Ordinal))
        {
            string reason = results.TryGetValue(name, out (Endpoint? Endpoint, string Reason) result) ? result.Reason : "no answer yet";
            warn($"the endpoint `{name}' could not be resolved yet ({reason}): {interfaceName} goes on trying");
        }

        return Array.TrueForAll(peers, peer => peer.Endpoint is not null);

        TimeSpan Left() => Patience - Stopwatch.GetElapsedTime(start) is { Ticks: > 0 } left ? left : TimeSpan.Zero;

        void Work()
        {
            while (waiting.TryDequeue(out string? name))
            {
                results[name] = LookUpOnce(name);
            }
        }
    }

    private static (Endpoint? Endpoint, string Reason) LookUpOnce(string name) =>
        !EndpointName.TrySplit(name, out ReadOnlySpan<char> host, out ushort port) ? (null, EndpointName.Expected)
        : NameLookup.TryResolve(Dns.GetHostAddresses, host.ToString(), out IPAddress[] addresses, out string reason) ? (new Endpoint(addresses[0], port), "")
        : (null, reason);

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
