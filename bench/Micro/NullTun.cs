using WgNet.Linux;
using WgNet.Tun;

namespace WgNet.Micro;

/// <summary>An inside end that takes every packet and does nothing with it: what the coalescer costs is its own.</summary>
internal sealed class NullTun : ITunDevice
{
    public string Name => "null";

    public bool HasOffload => true;

    public bool HasUdpOffload => true;

    public int Read(NativeBuffer buffer, int offset) => 0;

    public bool WaitReadable() => false;

    public void Rest(TimeSpan time)
    {
    }

    public void Wake()
    {
    }

    public bool Write(IoVectors packet) => true;

    public bool WriteOwn(ReadOnlySpan<byte> packet) => true;

    public void Dispose()
    {
    }
}
