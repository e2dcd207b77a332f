using System.Net;
using WgNet.Udp;

namespace WgNet.Device;

/// <summary>
/// The name that a peer's endpoint was configured by: the addresses that it has, which of them is tried next, and when the resolver is
/// to be asked. Reads no clock and asks nobody: time and answers come in, endpoints go out. The handshake thread tells what is sent,
/// a thread of <see cref="NameResolver"/> what it was told; a lock of its own, held for a few comparisons, is between them.
/// <code>
///   unanswered at one address ──► the next address, and ──► the question, at most once in half a minute
///   never answered by the resolver ─────────────────────────► the question, after 1, 2, 4 … 60 seconds, until it is
/// </code>
/// Times are of <see cref="Linux.Clock.BootTime"/>, in nanoseconds.
/// </summary>
internal sealed class PeerName
{
    /// <summary>Of more that a name has, the first ones in the resolver's order are tried.</summary>
    public const int MostAddresses = 16;

    /// <summary>Initiations that go to one address before it counts as dead: ten seconds.</summary>
    public const int InitiationsPerAddress = 2;

    /// <summary>Between two questions for a name that was answered, and as much as <see cref="Jitter"/> more.</summary>
    public const long Interval = 30 * Second, Jitter = 5 * Second;

    /// <summary>Between two questions for a name that never was: twice as long each time.</summary>
    public const long FirstRetry = Second, LongestRetry = 60 * Second;

    public const long Never = long.MaxValue;

    private const long Second = 1_000_000_000;

    private readonly Lock _lock = new();
    private readonly ushort _port;

    // Whether the first answer moves the peer from where it is, or only its silence there does.
    private bool _movesOnAnswer;
    private bool _isAnswered;
    private bool _isAsking;
    private long _due = Never;
    private long _notBefore = long.MinValue;
    private int _failuresInRow;
    private long _failures;

    // In the order in which they are tried. The last one, if it is not the name's, is where the peer was found to be instead.
    private Endpoint[] _addresses = [];
    private Endpoint? _elsewhere;

    // Where the peer has stayed although the name does not lead there any more.
    private Endpoint? _former;

    private int _initiations;
    private bool _isSilent;
    private long _received;

    private PeerName(string text, string host, ushort port)
    {
        Text = text;
        Host = host;
        _port = port;
    }

    /// <summary><c>host:port</c>, as configured.</summary>
    public string Text { get; }

    public string Host { get; }

    /// <summary>When to ask; <see cref="Never"/> while there is no need to.</summary>
    public long Due
    {
        get
        {
            lock (_lock)
            {
                return _due;
            }
        }
    }

    /// <summary>Questions that brought no usable address.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Whether the last question did.</summary>
    public bool HasFailed
    {
        get
        {
            lock (_lock)
            {
                return _failuresInRow > 0;
            }
        }
    }

    /// <summary>Whether no question brought one yet.</summary>
    public bool IsUnresolved
    {
        get
        {
            lock (_lock)
            {
                return !_isAnswered;
            }
        }
    }

    /// <summary>A name that somebody has looked up already: it is asked for when its address is silent.</summary>
    /// <param name="text">Checked by <see cref="EndpointName.IsEndpoint"/>.</param>
    public static PeerName Resolved(string text, Endpoint endpoint)
    {
        PeerName name = Create(text);
        name._addresses = [endpoint];
        name._isAnswered = true;
        return name;
    }

    /// <summary>A name to ask for at once.</summary>
    /// <param name="movesOnAnswer">
    /// False if the peer has an endpoint, kept from before, that may well be better than the name's: it stays as long as it answers.
    /// </param>
    /// <inheritdoc cref="Resolved" path="/param[@name='text']"/>
    public static PeerName Unresolved(string text, bool movesOnAnswer, long now)
    {
        PeerName name = Create(text);
        name._movesOnAnswer = movesOnAnswer;
        name._due = now;
        return name;
    }

    /// <summary>An initiation is about to be sent. Returns where it goes instead, if the endpoint has been silent for too long.</summary>
    /// <param name="received">How many authentic packets came from the peer until now: any that came since the last call is a sign of life.</param>
    /// <param name="isDue">The name has become <see cref="Due"/>.</param>
    public Endpoint? Initiating(Endpoint current, long received, long now, out bool isDue)
    {
        lock (_lock)
        {
            if (IsHeard(received))
            {
                _received = received;
                _initiations = 0;
                _isSilent = false;
            }

            // Asked when the first one was not answered, so that the answer is there when the address is given up.
            isDue = _initiations > 0 && _isAnswered && !_isAsking && _due == Never && now >= _notBefore;
            _due = isDue ? now : _due;
            if (_initiations < InitiationsPerAddress)
            {
                _initiations++;
                return null;
            }

            // This one is the first at the next address.
            _initiations = 1;
            _isSilent = true;
            return After(current);
        }
    }

    /// <summary>Whether the question is to be asked now; then it is being asked until <see cref="Answered"/> or <see cref="Failed"/>.</summary>
    /// <param name="jitter">0 to <see cref="Jitter"/>.</param>
    public bool TryBeginQuestion(long now, long jitter)
    {
        lock (_lock)
        {
            if (_isAsking || _due > now)
            {
                return false;
            }

            _isAsking = true;
            _due = Never;
            _notBefore = now + Interval + jitter;
            return true;
        }
    }

    /// <summary>Addresses of the name with its port, in the order given: each once, and no more than are tried.</summary>
    public Endpoint[] EndpointsOf(IEnumerable<IPAddress> answer) =>
        [.. answer.Select(address => new Endpoint(address, _port)).Distinct().Take(MostAddresses)];

    /// <summary>The resolver knows the name. Returns where the peer goes now; null if it stays.</summary>
    /// <param name="addresses">At least one.</param>
    /// <inheritdoc cref="Initiating" path="/param[@name='received']"/>
    public Endpoint? Answered(Endpoint[] addresses, Endpoint? current, long received)
    {
        lock (_lock)
        {
            _isAsking = false;
            _isAnswered = true;
            _failuresInRow = 0;
            bool wasOurs = current is not null && Array.IndexOf(_addresses, current) >= 0;

            // Many name servers turn the order round with every answer: as long as the addresses are the same, so is ours.
            bool isNews = addresses.Length != _addresses.Length || !addresses.All(_addresses.Contains);
            _addresses = isNews ? addresses : _addresses;
            bool isSilent = _isSilent && !IsHeard(received);
            bool moves = _movesOnAnswer;
            _movesOnAnswer = false;
            if (current is null || (!_addresses.Contains(current) && (moves || isSilent)))
            {
                _elsewhere = wasOurs || moves ? null : current;
                _initiations = 0;
                return _addresses[0];
            }

            if (isNews && isSilent && After(current) is { } next)
            {
                _initiations = 0;
                return next;
            }

            _former = wasOurs ? current : _former;
            return null;
        }
    }

    /// <summary>The resolver does not know the name, or there is no resolver. True for the first time since it did.</summary>
    public bool Failed(long now)
    {
        lock (_lock)
        {
            _isAsking = false;
            _failures++;
            if (!_isAnswered)
            {
                _due = now + Math.Min(FirstRetry << Math.Min(_failuresInRow, 6), LongestRetry);
            }

            return ++_failuresInRow == 1;
        }
    }

    private static PeerName Create(string text) => EndpointName.TrySplit(text, out ReadOnlySpan<char> host, out ushort port)
        ? new PeerName(text, host.ToString(), port)
        : throw new ArgumentException(EndpointName.Expected, nameof(text));

    private bool IsHeard(long received) => received != _received;

    // Round and round; null if there is no other. Where the peer was found by its packets, or before a restart, keeps its turn.
    private Endpoint? After(Endpoint current)
    {
        int index = Array.IndexOf(_addresses, current);
        if (index < 0)
        {
            _elsewhere = current.Equals(_former) ? null : current;
            return _addresses.FirstOrDefault();
        }

        bool isLast = index == _addresses.Length - 1;
        Endpoint next = !isLast ? _addresses[index + 1] : _elsewhere ?? _addresses[0];
        return next.Equals(current) ? null : next;
    }
}
