namespace WgNet.Udp;

/// <summary>A run of datagrams to one endpoint in a batch's buffer, each <see cref="SegmentSize"/> long, the last perhaps shorter.</summary>
/// <param name="Length">Bytes in all.</param>
public readonly record struct SendEntry(Endpoint To, int Offset, int Length, int SegmentSize, byte Ecn)
{
    /// <summary>Datagrams in it. An empty datagram is one, too.</summary>
    public int Datagrams => SegmentSize == 0 ? 1 : (Length + SegmentSize - 1) / SegmentSize;
}
