using System.Runtime.InteropServices;
using System.Text;

namespace WgNet.Linux;

/// <summary>
/// What <c>ip link</c>, <c>address</c>, <c>route</c> and <c>rule</c> do, asked of the kernel directly (rtnetlink(7)), in the network
/// namespace of the thread that opened it. One thread at a time. A refusal is a <see cref="LinuxException"/> with errno
/// and the kernel's own explanation.
/// </summary>
public sealed partial class RouteNetlink : IDisposable
{
    private const int DumpAttempts = 10;
    private const ushort NLM_F_CAPPED = 0x100, NLM_F_ACK_TLVS = 0x200, NLMSGERR_ATTR_MSG = 1;

    private readonly NetlinkSocket _socket = NetlinkSocket.Open();
    private readonly byte[] _buffer = new byte[NetlinkSocket.ReceiveSize];
    private uint _sequence;

    public RouteNetlink() => _socket.ExplainErrors();

    private delegate void MessageHandler(ushort type, ReadOnlySpan<byte> payload);

    private delegate T? MessageReader<T>(ReadOnlySpan<byte> payload)
        where T : class;

    public void Dispose() => _socket.Dispose();

    /// <summary>Sends a request that changes something and waits for its acknowledgement.</summary>
    private void Change(NetlinkRequest request, string call, string subject) => Exchange(request, call, subject, (_, _) => { });

    /// <summary>Asks for all of a kind. A dump that changed while it ran is taken again from its start.</summary>
    private List<T> Dump<T>(NetlinkRequest request, string call, MessageReader<T> read)
        where T : class
    {
        for (int attempt = 1; ; attempt++)
        {
            var all = new List<T>();
            bool whole = Exchange(request, call, "dump", (_, payload) =>
            {
                if (read(payload) is T item)
                {
                    all.Add(item);
                }
            });
            if (whole || attempt == DumpAttempts)
            {
                return all;
            }
        }
    }

    // Until the acknowledgement, or the end of a dump. False if the kernel says that a dump is not one consistent state.
    private bool Exchange(NetlinkRequest request, string call, string subject, MessageHandler handle)
    {
        uint sequence = ++_sequence;
        _socket.Send(request.Complete(sequence));
        bool whole = true;
        for (; ; )
        {
            int length = _socket.Receive(_buffer);
            if (length < 0)
            {
                throw new LinuxException(call, subject, -length);
            }

            var messages = new NetlinkMessages(_buffer.AsSpan(0, length));
            while (messages.MoveNext())
            {
                if (messages.Header.Sequence != sequence)
                {
                    continue;
                }

                whole &= (messages.Header.Flags & Rtnetlink.NLM_F_DUMP_INTR) == 0;
                if (messages.Header.Type is Rtnetlink.NLMSG_ERROR or Rtnetlink.NLMSG_DONE)
                {
                    ThrowOnError(in messages, call, subject);
                    return whole;
                }

                handle(messages.Header.Type, messages.Payload);
            }
        }
    }

    //  NLMSG_ERROR:  errno 4 (negative) | header of the request 16 | the rest of it, unless capped | attributes
    //  NLMSG_DONE:   errno 4 (negative) | attributes
    private static void ThrowOnError(in NetlinkMessages messages, string call, string subject)
    {
        ReadOnlySpan<byte> payload = messages.Payload;
        int errno = payload.Length < sizeof(int) ? 0 : -MemoryMarshal.Read<int>(payload);
        if (errno == 0)
        {
            return;
        }

        int attributes = sizeof(int);
        if (messages.Header.Type == Rtnetlink.NLMSG_ERROR && payload.Length >= sizeof(int) + NetlinkHeader.Size)
        {
            uint request = MemoryMarshal.Read<uint>(payload[sizeof(int)..]);
            attributes += (messages.Header.Flags & NLM_F_CAPPED) != 0 ? NetlinkHeader.Size : NetlinkAttributes.Align((int)Math.Min(request, (uint)payload.Length));
        }

        string? reason = (messages.Header.Flags & NLM_F_ACK_TLVS) != 0 && attributes <= payload.Length ? Explanation(payload[attributes..]) : null;
        throw new LinuxException(call, reason is null ? subject : $"{subject}: {reason}", errno);
    }

    private static string? Explanation(ReadOnlySpan<byte> bytes)
    {
        var attributes = new NetlinkAttributes(bytes);
        while (attributes.MoveNext())
        {
            if (attributes.Type == NLMSGERR_ATTR_MSG)
            {
                return Encoding.UTF8.GetString(attributes.Value.TrimEnd((byte)0));
            }
        }

        return null;
    }
}
