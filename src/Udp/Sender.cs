namespace WgNet.Udp;

/// <summary>The sending half: what all batches share. Thread-safe; a batch belongs to the thread that sends it.</summary>
internal sealed class Sender(SocketPair sockets, UdpOptions options)
{
    /// <summary>How long one batch may wait for a full socket buffer.</summary>
    public static readonly TimeSpan WriteTimeout = TimeSpan.FromMilliseconds(100);

    private long _refused;
    private long _sourcesLost;

    public event Action<Endpoint>? SourceLost;

    public event Action<int>? SegmentationDisabled;

    public SocketPair Sockets { get; } = sockets;

    public long Refused => Interlocked.Read(ref _refused);

    public long SourcesLost => Interlocked.Read(ref _sourcesLost);

    public int Send(SendBatch batch, out int errno)
    {
        var transmission = new Transmission(this, batch);
        transmission.Run();
        batch.Clear();
        errno = transmission.Errno;
        if (transmission.Refused > 0)
        {
            Interlocked.Add(ref _refused, transmission.Refused);
        }

        return transmission.Refused;
    }

    /// <summary>Test only: pretends that a message which the kernel is to split fails, and keeps it apart from those before it.</summary>
    public bool FailsSegmentation(SendBatch batch, int first, ref int end, out int errno)
    {
        errno = options.SegmentationErrno;
        if (errno == 0)
        {
            return false;
        }

        end = first + 1;
        return batch[first].Datagrams > 1;
    }

    public void SegmentationFailed(OutsideSocket socket, int errno)
    {
        if (socket.StopSegmenting())
        {
            SegmentationDisabled?.Invoke(errno);
        }
    }

    public void LoseSource(Endpoint endpoint)
    {
        Interlocked.Increment(ref _sourcesLost);
        SourceLost?.Invoke(endpoint);
    }
}
