using WgNet.Device;
using WgNet.Device.Events;
using Xunit;

namespace WgNet.Unit.Device.Events;

/// <summary>Subscribes to a device and reads in the test's own time.</summary>
internal sealed class EventLog(IControlled device) : IDisposable
{
    private readonly EventSubscription _subscription = device.Subscribe()!;

    /// <summary>The next of the kind; those that come before it are passed over.</summary>
    public DeviceEvent Next(DeviceEventKind kind)
    {
        using var timeout = new CancellationTokenSource(TunnelPair.Soon);
        while (true)
        {
            foreach (DeviceEvent happened in Rest())
            {
                if (happened.Kind == kind)
                {
                    return happened;
                }
            }

            Assert.True(_subscription.WaitAsync(timeout.Token).AsTask().GetAwaiter().GetResult());
        }
    }

    /// <summary>What waits now, as far as it is looked at.</summary>
    public IEnumerable<DeviceEvent> Rest()
    {
        while (_subscription.TryRead(out DeviceEvent? next))
        {
            yield return next;
        }
    }

    public void Dispose() => _subscription.Dispose();
}
