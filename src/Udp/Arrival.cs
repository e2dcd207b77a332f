using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using WgNet.Linux;

namespace WgNet.Udp;

/// <summary>Both ends of a received message as the kernel wrote them: compared byte by byte, made into objects only for roaming.</summary>
internal struct Arrival
{
    private NameBytes _name;
    private AddressBytes _localAddress;
    private readonly byte _nameLength;
    private readonly byte _localAddressLength;

    /// <param name="name">The sender, a struct sockaddr.</param>
    /// <param name="localAddress">The address it came to, 4 or 16 bytes; empty if unknown.</param>
    /// <param name="interface">The interface index it came in through.</param>
    public Arrival(ReadOnlySpan<byte> name, ReadOnlySpan<byte> localAddress, int @interface)
    {
        name.CopyTo(_name);
        localAddress.CopyTo(_localAddress);
        _nameLength = (byte)name.Length;
        _localAddressLength = (byte)localAddress.Length;
        Interface = @interface;
    }

    public int Interface { get; }

    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Name => ((ReadOnlySpan<byte>)_name)[.._nameLength];

    [UnscopedRef]
    public readonly ReadOnlySpan<byte> LocalAddress => ((ReadOnlySpan<byte>)_localAddress)[.._localAddressLength];

    [InlineArray(SocketName.MaxSize)]
    private struct NameBytes
    {
        private byte _first;
    }

    [InlineArray(16)]
    private struct AddressBytes
    {
        private byte _first;
    }
}
