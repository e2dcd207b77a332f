using System.Net;
using System.Net.Sockets;

namespace WgNet.Device;

/// <summary>One question to the system's resolver, and what of the answer is of use.</summary>
public static class NameLookup
{
    /// <summary>Blocks, for as long as name servers that are not there let it.</summary>
    /// <param name="resolve">As <see cref="DeviceOptions.ResolveName"/>.</param>
    /// <param name="addresses">Those that can be a peer's, in the resolver's order, which getaddrinfo(3) makes by RFC 6724; at least one.</param>
    /// <param name="reason">Why there is none; empty if there is.</param>
    public static bool TryResolve(Func<string, IPAddress[]> resolve, string host, out IPAddress[] addresses, out string reason)
    {
        addresses = [];
        reason = "";
        try
        {
            IPAddress[] all = resolve(host);
            addresses = Array.FindAll(all, IsUsable);
            reason = addresses.Length > 0 ? "" : all.Length == 0 ? "it has no address" : $"its address {all[0]} cannot be a peer's";
        }
        catch (SocketException e)
        {
            // In the words of gai_strerror(3): those of the error's number speak of resources.
            reason = e.SocketErrorCode == SocketError.TryAgain ? "Temporary failure in name resolution" : e.Message;
        }
        catch (ArgumentException)
        {
            reason = "that is no host name";
        }

        return addresses.Length > 0;
    }

    /// <summary>
    /// One machine's address: not unspecified, multicast or broadcast, nor link-local without saying on which link. A name server may say
    /// anything; what it says decides only where handshakes go, which tell a stranger nothing. Loopback is one, too: a relay on
    /// the same machine has a name as well (<c>localhost:51820</c>).
    /// </summary>
    internal static bool IsUsable(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        Span<byte> bytes = stackalloc byte[16];
        _ = address.TryWriteBytes(bytes, out _);

        // 0.0.0.0/8 is "this host on this network" (RFC 1122 section 3.2.1.3); from 224 on there are groups, from 240 on nobody (RFC 1112).
        return address.AddressFamily == AddressFamily.InterNetwork
            ? bytes[0] is not 0 and < 224
            : !address.Equals(IPAddress.IPv6Any) && !address.IsIPv6Multicast && (!address.IsIPv6LinkLocal || address.ScopeId != 0);
    }
}
