using WgNet.Linux;

namespace WgNet.Tun;

/// <summary>
/// The inside end: where packets enter and leave the host. One reader at a time; the other methods from any thread, for they keep
/// nothing of a packet. Every packet travels behind a <see cref="VirtioNetHeader"/> in memory, also where the kernel exchanges none.
/// </summary>
public interface ITunDevice : IDisposable
{
    /// <summary>The interface's current name.</summary>
    string Name { get; }

    /// <summary>Super-packets may be written. Reads bring them only from a device that says so.</summary>
    bool HasOffload { get; }

    /// <summary>Super-packets of UDP may be written too.</summary>
    bool HasUdpOffload { get; }

    /// <summary>
    /// What to wait for in place of <see cref="WaitReadable"/>: a descriptor that poll(2) calls readable when <see cref="Read"/> has
    /// something; −1 if there is none.
    /// </summary>
    int Descriptor => -1;

    /// <summary>
    /// Reads one packet, or one super-packet of up to 64 KiB, without waiting: <see cref="VirtioNetHeader.Size"/> bytes of header,
    /// then the packet, at <paramref name="offset"/>. Returns the bytes read, header included; 0 when nothing is there now;
    /// −1 when the interface is gone for good.
    /// </summary>
    int Read(NativeBuffer buffer, int offset);

    /// <summary>Waits until <see cref="Read"/> has something or <see cref="Wake"/> is called. False when the interface is gone.</summary>
    bool WaitReadable();

    /// <summary>
    /// Waits that long, whatever there is to read, or until <see cref="Wake"/> is called, of which the next <see cref="WaitReadable"/>
    /// learns all the same. Ends as much too late as <see cref="TimerSlack"/> lets it.
    /// </summary>
    void Rest(TimeSpan time);

    /// <summary>Makes a present or the next <see cref="WaitReadable"/> return.</summary>
    void Wake();

    /// <summary>
    /// Writes one packet in pieces, the first of which begins with its <see cref="VirtioNetHeader"/>. False if the kernel refused it
    /// (interface down, malformed); the caller counts that and goes on. What several threads write at once arrives in any order.
    /// </summary>
    bool Write(IoVectors packet);

    /// <summary>Writes one whole small packet, from any thread: the device's own word (an ICMP error) beside the traffic. At most 1280 bytes.</summary>
    bool WriteOwn(ReadOnlySpan<byte> packet);
}
