using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>A system call that failed: its name, what it was applied to, and errno's text.</summary>
public sealed class LinuxException(string call, string subject, int errno)
    : IOException($"{call}({subject}): {Marshal.GetPInvokeErrorMessage(errno)}")
{
    public string Call { get; } = call;

    public int Errno { get; } = errno;
}
