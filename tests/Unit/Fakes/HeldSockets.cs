using WgNet.Udp;

namespace WgNet.Unit.Fakes;

/// <summary>Real sockets that tell of each lone datagram, and of each batch, before it leaves, and so can hold up who sends it.</summary>
public sealed class HeldSockets(IUdpSockets sockets, HeldSockets.Watcher sending) : IUdpSockets
{
    public delegate void Watcher(ReadOnlySpan<byte> datagram);

    public event Action<Endpoint>? SourceLost
    {
        add => sockets.SourceLost += value;
        remove => sockets.SourceLost -= value;
    }

    /// <summary>What lone datagrams are refused with from now on; 0 sends them.</summary>
    public int Refusal { get; set; }

    /// <summary>Called with each batch.</summary>
    public Action<SendBatch>? SendingBatch { get; set; }

    public ushort Port => sockets.Port;

    public int Receive(ReceiveBatch batch, int beside = -1) => sockets.Receive(batch, beside);

    public void Wake() => sockets.Wake();

    public int Send(SendBatch batch)
    {
        SendingBatch?.Invoke(batch);
        return sockets.Send(batch);
    }

    public int Send(Endpoint to, ReadOnlySpan<byte> datagram, byte ecn)
    {
        sending(datagram);
        return Refusal != 0 ? Refusal : sockets.Send(to, datagram, ecn);
    }

    public void SetMark(uint mark) => sockets.SetMark(mark);

    public void Dispose() => sockets.Dispose();
}
