using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace WgNet.Udp;

/// <summary>
/// Where a peer is reached outside: address and port, and the local address that its packets came to (the sticky source).
/// Immutable, so that a reader sees a whole one; equality is that of address, scope and port.
/// </summary>
public sealed class Endpoint : IEquatable<Endpoint>
{
    private readonly byte[] _cookieInput;
    private readonly byte[] _socketName;
    private readonly byte[] _sourceAddress;

    /// <param name="address">IPv4, or IPv6 with its scope identifier; IPv4-mapped becomes IPv4.</param>
    /// <param name="source">The local address to send from, or null to let the kernel choose.</param>
    /// <param name="sourceInterface">The interface index that goes with <paramref name="source"/>, or 0.</param>
    public Endpoint(IPAddress address, int port, IPAddress? source = null, int sourceInterface = 0)
    {
        ArgumentNullException.ThrowIfNull(address);
        Address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        Port = (ushort)port;
        Source = source;
        SourceInterface = sourceInterface;
        byte[] bytes = Address.GetAddressBytes();
        _sourceAddress = source?.GetAddressBytes() ?? [];
        _socketName = new byte[IsIPv4 ? Linux.SocketName.IPv4Size : Linux.SocketName.IPv6Size];
        _ = Linux.SocketName.Write(_socketName, Address, Port);
        _cookieInput = new byte[bytes.Length + 2];
        bytes.CopyTo(_cookieInput, 0);
        BinaryPrimitives.WriteUInt16BigEndian(_cookieInput.AsSpan(bytes.Length), Port);
    }

    public IPAddress Address { get; }

    public ushort Port { get; }

    public IPAddress? Source { get; }

    public int SourceInterface { get; }

    public bool IsIPv4 => Address.AddressFamily == AddressFamily.InterNetwork;

    /// <summary>What a cookie is made of (whitepaper 5.4.7): the address, 4 or 16 bytes, then the port, in network order.</summary>
    public ReadOnlySpan<byte> CookieInput => _cookieInput;

    /// <summary>The endpoint as the kernel reads and writes it: made once, so that neither sending nor comparing makes anything.</summary>
    internal ReadOnlySpan<byte> SocketName => _socketName;

    /// <summary><see cref="Source"/> in network order; empty when the kernel chooses.</summary>
    internal ReadOnlySpan<byte> SourceAddress => _sourceAddress;

    /// <summary>The same endpoint with the kernel choosing the source address.</summary>
    public Endpoint WithoutSource() => Source is null ? this : new Endpoint(Address, Port);

    /// <summary><c>192.0.2.1:51820</c>, <c>[2001:db8::1]:51820</c>, <c>[fe80::1%eth0]:51820</c>: numbers only, no names.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out Endpoint? endpoint)
    {
        endpoint = null;
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            return false;
        }

        ReadOnlySpan<char> host = text[..colon];
        bool bracketed = host[0] == '[' && host[^1] == ']';
        if (bracketed)
        {
            host = host[1..^1];
        }

        if (bracketed != host.Contains(':') || (!bracketed && host.Count('.') != 3) || !IPAddress.TryParse(host, out IPAddress? address))
        {
            return false;
        }

        endpoint = new Endpoint(address, port);
        return true;
    }

    public bool Equals([NotNullWhen(true)] Endpoint? other) => other is not null && Port == other.Port && Address.Equals(other.Address);

    /// <summary>Equality of the sticky source, too.</summary>
    internal bool EqualsWithSource(Endpoint other) =>
        Equals(other) && SourceInterface == other.SourceInterface && SourceAddress.SequenceEqual(other.SourceAddress);

    public override bool Equals(object? obj) => Equals(obj as Endpoint);

    public override int GetHashCode() => HashCode.Combine(Address, Port);

    public override string ToString() => IsIPv4
        ? string.Create(CultureInfo.InvariantCulture, $"{Address}:{Port}")
        : string.Create(CultureInfo.InvariantCulture, $"[{Address}]:{Port}");
}
