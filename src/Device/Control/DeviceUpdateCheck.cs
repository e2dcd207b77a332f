using WgNet.Linux;

namespace WgNet.Device;

/// <summary>
/// What the parser of a text cannot know, or a caller may have got wrong: what the values of an update say by themselves, whatever
/// the device is like.
/// </summary>
internal static class DeviceUpdateCheck
{
    /// <exception cref="ConfigurationException">Something is out of its range: EINVAL.</exception>
    public static void Check(DeviceUpdate update)
    {
        if (update.PrivateKey is { Length: not 32 })
        {
            throw new ConfigurationException("a private key is 32 bytes", Errno.EINVAL);
        }

        if (update.Workers is < 0 or > WorkerCount.Most)
        {
            throw new ConfigurationException(WorkerCount.Expected, Errno.EINVAL);
        }

        foreach (PeerUpdate peer in update.Peers)
        {
            Check(peer);
        }
    }

    private static void Check(PeerUpdate peer)
    {
        if (peer.PresharedKey is { Length: not 32 })
        {
            throw new ConfigurationException("a preshared key is 32 bytes", Errno.EINVAL);
        }

        if (peer.EndpointHost is { Length: > 0 } host && !EndpointName.IsEndpoint(host))
        {
            throw new ConfigurationException($"`{host}': {EndpointName.Expected}", Errno.EINVAL);
        }

        if (peer.LearnLimit < 0 || peer.LearnTimeoutSeconds is < 1 or > long.MaxValue / 2_000_000_000)
        {
            throw new ConfigurationException("a learn limit is at least 0, a learn timeout at least one second", Errno.EINVAL);
        }

        if (peer.LearnableIps.Exists(learnable => learnable.Prefix.IsIPv4))
        {
            throw new ConfigurationException("only IPv6 addresses are learned: a learnable prefix is an IPv6 prefix", Errno.EINVAL);
        }
    }
}
