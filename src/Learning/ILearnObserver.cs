namespace WgNet.Learning;

/// <summary>
/// Is told of every address that begins or ceases to be a peer's, in the order in which it happens. Called under the peer's lock,
/// by workers, too: it returns at once, and calls back into nothing.
/// </summary>
public interface ILearnObserver<TPeer>
    where TPeer : class
{
    /// <param name="isRestored">By <see cref="AddressLearner{TPeer}.Restore"/> or a pin, not by a packet.</param>
    void Began(TPeer peer, UInt128 address, bool isRestored);

    void Ended(TPeer peer, UInt128 address, LearnedEnd why);
}
