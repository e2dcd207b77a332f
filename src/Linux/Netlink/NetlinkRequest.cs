using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>One netlink request in the making: header, the body that goes with its type, attributes.</summary>
internal sealed class NetlinkRequest
{
    // Ours are all short; a longer name is a programming error and throws.
    private readonly byte[] _bytes = new byte[512];
    private int _length = NetlinkHeader.Size;

    public NetlinkRequest(ushort type, ushort flags)
    {
        Type = type;
        Flags = (ushort)(flags | Rtnetlink.NLM_F_REQUEST);
    }

    public ushort Type { get; }

    public ushort Flags { get; }

    public NetlinkRequest Body<T>(in T body)
        where T : unmanaged
    {
        MemoryMarshal.Write(_bytes.AsSpan(_length), in body);
        _length += NetlinkAttributes.Align(Unsafe.SizeOf<T>());
        return this;
    }

    public NetlinkRequest Attribute(ushort type, ReadOnlySpan<byte> value)
    {
        Span<byte> attribute = _bytes.AsSpan(_length);
        ushort length = (ushort)(NetlinkAttributes.HeaderSize + value.Length);
        MemoryMarshal.Write(attribute, in length);
        MemoryMarshal.Write(attribute[2..], in type);
        value.CopyTo(attribute[NetlinkAttributes.HeaderSize..]);
        _length += NetlinkAttributes.Align(length);
        return this;
    }

    public NetlinkRequest Attribute(ushort type, uint value) => Attribute(type, MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in value)));

    public NetlinkRequest Attribute(ushort type, IPAddress address) => Attribute(type, address.GetAddressBytes());

    /// <summary>The finished message.</summary>
    public ReadOnlySpan<byte> Complete(uint sequence)
    {
        var header = new NetlinkHeader { Length = (uint)_length, Type = Type, Flags = Flags, Sequence = sequence };
        MemoryMarshal.Write(_bytes, in header);
        return _bytes.AsSpan(0, _length);
    }

    /// <summary>AF_INET or AF_INET6.</summary>
    public static byte Family(bool isIPv4) => (byte)(isIPv4 ? SocketName.AF_INET : SocketName.AF_INET6);

    public static byte Family(IPAddress address) => Family(address.AddressFamily == AddressFamily.InterNetwork);
}
