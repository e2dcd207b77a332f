namespace WgNet.Protocol;

/// <summary>What an event or a timer of a session asks of the device.</summary>
[Flags]
public enum SessionActions
{
    None = 0,

    /// <summary>Create and send an initiation, which begins a new series of attempts.</summary>
    SendInitiation = 1,

    /// <summary>Create and send an initiation as the next attempt of the series.</summary>
    SendInitiationRetry = 2,

    /// <summary>Send what is staged; if nothing is, an empty packet.</summary>
    SendKeepalive = 4,

    /// <summary>A keypair was confirmed: send what is staged.</summary>
    SendStaged = 8,

    /// <summary>The handshake was given up: drop what is staged.</summary>
    DropStaged = 16,

    /// <summary>No answer: let the kernel choose the source address anew.</summary>
    ClearEndpointSource = 32,

    /// <summary><see cref="Session.NextDeadline"/> is earlier than <see cref="Session.ScheduledFor"/>.</summary>
    Reschedule = 64,
}
