using System.Net;
using WgNet.Protocol;
using WgNet.Udp;

namespace WgNet.Device.Events;

/// <summary>One thing that happened in a device, the same object for all who subscribed. What does not go with its kind is null.</summary>
public sealed record DeviceEvent(DeviceEventKind Kind)
{
    /// <summary>Nanoseconds since 1970-01-01 UTC.</summary>
    public required long WallTime { get; init; }

    /// <summary>The peer that it is about.</summary>
    public PublicKey? Peer { get; init; }

    /// <summary>Inside.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>The peer that has <see cref="Address"/>, in a conflict.</summary>
    public PublicKey? Owner { get; init; }

    /// <summary>Outside, where the peer is now.</summary>
    public Endpoint? Endpoint { get; init; }

    /// <summary>One word in snake_case.</summary>
    public string? Reason { get; init; }

    /// <summary>How many packets, changes, prefixes or lost events.</summary>
    public long? Number { get; init; }
}
