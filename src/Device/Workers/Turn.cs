namespace WgNet.Device;

/// <summary>One worker's part in the <see cref="Turns"/>: read, work, write, over and over.</summary>
internal sealed class Turn(Turns turns)
{
    private long _ticket;
    private bool _isWriting;

    public bool IsEnding => turns.AreEnding;

    /// <summary>Begins with reading. False when the worker is to end.</summary>
    public bool TryRead() => turns.TryBeginRead();

    /// <summary>What others do from here on does not wait for this worker, but for their own writing.</summary>
    public void EndRead(bool wakeAnother) => _ticket = turns.EndRead(wakeAnother);

    /// <summary>Before the first write of what was read, and harmless before each: waits for those who read earlier.</summary>
    public void Write()
    {
        if (!_isWriting)
        {
            turns.BeginWrite(_ticket);
            _isWriting = true;
        }
    }

    /// <summary>All that was read is written.</summary>
    public void End()
    {
        Write();
        _isWriting = false;
        turns.EndWrite(_ticket);
    }
}
