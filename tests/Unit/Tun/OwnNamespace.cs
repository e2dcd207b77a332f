using WgNet.Linux;

namespace WgNet.Unit.Tun;

/// <summary>Runs code on a thread in a new network namespace, which ends with it: nothing to clean up, no clash with other tests.</summary>
internal static class OwnNamespace
{
    public static void Run(Action code)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                NetworkNamespace.Unshare();
                code();
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        if (failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }
    }
}
