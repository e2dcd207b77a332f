using WgNet.Linux;
using WgNet.Tun;

namespace WgNet.Device;

/// <summary>
/// The interface as one of several workers sees it: its first write waits for the worker's turn, so that whoever writes through
/// this (the coalescer, when it can hold no more) need not know of turns.
/// </summary>
internal sealed class OrderedTun(ITunDevice tun, Turn turn) : ITunDevice
{
    public string Name => tun.Name;

    public bool HasOffload => tun.HasOffload;

    public bool HasUdpOffload => tun.HasUdpOffload;

    public int Read(NativeBuffer buffer, int offset) => tun.Read(buffer, offset);

    public bool WaitReadable() => tun.WaitReadable();

    public void Wake() => tun.Wake();

    public bool Write(in VirtioNetHeader header, PacketPieces packet)
    {
        turn.Write();
        return tun.Write(header, packet);
    }

    public bool WriteOwn(ReadOnlySpan<byte> packet) => tun.WriteOwn(packet);

    /// <summary>The device's interface outlives its workers.</summary>
    public void Dispose()
    {
    }
}
