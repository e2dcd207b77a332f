namespace WgNet.Udp;

/// <summary>
/// The outside end: one bound port, IPv4 and IPv6. One receiver at a time; <see cref="Send(Endpoint, ReadOnlySpan{byte}, byte)"/>,
/// <see cref="Send(SendBatch)"/> (each batch by its owner) and <see cref="Wake"/> from any thread.
/// </summary>
public interface IUdpSockets : IDisposable
{
    /// <summary>What <see cref="Receive"/> returns when the descriptor beside its sockets is what has something.</summary>
    const int BesideIsReady = -1;

    /// <summary>The kernel refused a sticky source, and the datagram left without it. Raised on the sending thread.</summary>
    event Action<Endpoint>? SourceLost;

    /// <summary>The port that is bound, the same for both families.</summary>
    ushort Port { get; }

    /// <summary>
    /// Waits for datagrams or for <see cref="Wake"/>; fills <paramref name="batch"/> anew and returns its count, 0 when woken.
    /// Errors that belong to one datagram (too large, unreachable port reported) never end the wait.
    /// </summary>
    /// <param name="beside">
    /// A descriptor to wait for as well, −1 for none: <see cref="BesideIsReady"/> is returned when it has something, or an error.
    /// </param>
    int Receive(ReceiveBatch batch, int beside = -1);

    /// <summary>Makes a present or the next <see cref="Receive"/> return 0.</summary>
    void Wake();

    /// <summary>Sends every entry and clears the batch. Returns how many datagrams the kernel refused.</summary>
    int Send(SendBatch batch);

    /// <summary>Sends one datagram (handshakes, keepalives). Returns 0 or the errno.</summary>
    int Send(Endpoint to, ReadOnlySpan<byte> datagram, byte ecn);

    /// <summary>The firewall mark of everything sent (SO_MARK); 0 for none.</summary>
    void SetMark(uint mark);
}
