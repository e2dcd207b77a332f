namespace WgNet.Udp;

/// <summary>How the outside sockets are to work.</summary>
public sealed class UdpOptions
{
    /// <summary>Whether the kernel may split what is sent (UDP_SEGMENT) and join what is received (UDP_GRO), where it can.</summary>
    public bool Offload { get; init; } = true;

    /// <summary>Bytes that each socket may hold in each direction, where the kernel grants them; as many as wireguard-go asks for.</summary>
    public int BufferSize { get; init; } = 7 << 20;

    /// <summary>For tests: the errno with which every send with UDP_SEGMENT fails, as from a device that cannot do it; 0 for none.</summary>
    internal int SegmentationErrno { get; init; }
}
