using WgNet.Linux;
using WgNet.Uapi;

namespace WgNet.Cli.Quick;

/// <summary>What has to be undone, latest first, if a later step fails. Disposed without <see cref="Commit"/>, it undoes everything.</summary>
internal sealed class UndoStack(Narrator narrator) : IDisposable
{
    private readonly Stack<Action> _actions = new();

    public void Push(Action action) => _actions.Push(action);

    /// <summary>All steps succeeded.</summary>
    public void Commit() => _actions.Clear();

    public void Dispose()
    {
        while (_actions.TryPop(out Action? action))
        {
            try
            {
                action();
            }
            catch (Exception exception) when (exception is IOException or CommandException or UapiException)
            {
                // The rest has to be undone all the same. What is gone already needs no undoing.
                if (exception is not LinuxException { Errno: Errno.ENODEV or Errno.ENOENT or ESRCH })
                {
                    narrator.Warn(exception.Message);
                }
            }
        }
    }

    private const int ESRCH = 3;
}
