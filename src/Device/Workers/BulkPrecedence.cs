namespace WgNet.Device;

/// <summary>
/// Lets an outbound worker come before other processes while it carries bulk, and not otherwise: who sends small packets would be put
/// aside for each of them, and there would never be several to send at once. One worker's, on its thread.
/// </summary>
internal sealed class BulkPrecedence(Precedence precedence)
{
    // Most of a super-packet, or as many full packets.
    private const int Bulk = 48 << 10;

    // Nanoseconds.
    private const long KeptFor = 10_000_000;

    private bool _isTaken;
    private long _lastBulk;

    /// <param name="bytes">What was read at once.</param>
    /// <param name="now">When.</param>
    public void Note(int bytes, long now)
    {
        if (bytes >= Bulk)
        {
            _lastBulk = now;
            _isTaken = _isTaken || precedence.TryTake();
        }
        else if (_isTaken && now - _lastBulk > KeptFor)
        {
            precedence.Return();
            _isTaken = false;
        }
    }
}
