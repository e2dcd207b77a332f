namespace WgNet.Udp;

/// <summary>
/// What one receive brought, in its batch's buffer: one datagram, or a run of datagrams that the kernel joined,
/// each <see cref="SegmentSize"/> long, the last perhaps shorter.
/// </summary>
/// <param name="Length">Bytes in all, above 0.</param>
/// <param name="SegmentSize">1 to <paramref name="Length"/>.</param>
/// <param name="Ecn">The two ECN bits of the outside header, the same for the whole run.</param>
public readonly record struct ReceivedMessage(int Offset, int Length, int SegmentSize, byte Ecn);
