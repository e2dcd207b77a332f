using WgNet.Device;
using WgNet.Device.Events;

namespace WgNet.Unit.Uapi;

/// <summary>Remembers what was applied (keys as copies, since the caller wipes them) and reports what it is told to.</summary>
internal sealed class FakeDevice : IControlled
{
    private readonly Lock _lock = new();

    public List<DeviceUpdate> Applied { get; } = [];

    public List<byte[]?> AppliedPrivateKeys { get; } = [];

    public List<byte[]?> AppliedPresharedKeys { get; } = [];

    public Func<DeviceSnapshot> Report { get; set; } = () => new DeviceSnapshot();

    public DeviceEvents Events { get; } = new();

    /// <summary>What Apply throws, or null.</summary>
    public Exception? Refusal { get; set; }

    public void Apply(DeviceUpdate update)
    {
        if (Refusal is not null)
        {
            throw Refusal;
        }

        lock (_lock)
        {
            Applied.Add(update);
            AppliedPrivateKeys.Add(update.PrivateKey?.ToArray());
            AppliedPresharedKeys.AddRange(update.Peers.Select(peer => peer.PresharedKey?.ToArray()));
        }
    }

    public DeviceSnapshot Snapshot() => Report();

    public EventSubscription? Subscribe() => Events.Subscribe();
}
