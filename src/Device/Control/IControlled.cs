using WgNet.Device.Events;

namespace WgNet.Device;

/// <summary>What configures a device and reports on it: the seam between the engine and its control socket. Thread-safe.</summary>
public interface IControlled
{
    /// <summary>Applies the update as a whole or not at all, and wipes the keys in it.</summary>
    /// <exception cref="ConfigurationException">Nothing was changed; says why.</exception>
    void Apply(DeviceUpdate update);

    /// <summary>The device as it is now. The caller wipes the keys in it after use.</summary>
    DeviceSnapshot Snapshot();

    /// <summary>Everything that happens from now on, until the result is disposed; null if there are too many subscribers.</summary>
    EventSubscription? Subscribe();
}
