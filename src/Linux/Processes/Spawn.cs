using System.Runtime.InteropServices;

namespace WgNet.Linux;

/// <summary>
/// posix_spawn(3) and waitpid(2). A managed process cannot fork (only one of its threads would live on), so that becoming a daemon
/// means to start oneself anew. The child gets exactly the descriptors that it is given: a daemon that keeps its caller's pipe
/// open makes the caller's reader wait forever.
/// </summary>
public static unsafe partial class Spawn
{
    /// <summary>In a list of descriptors: /dev/null, for reading and writing.</summary>
    public const int DevNull = -1;

    private const short POSIX_SPAWN_SETSIGDEF = 4, POSIX_SPAWN_SETSIGMASK = 8, POSIX_SPAWN_SETSID = 0x80;
    private const int SIGINT = 2, SIGPIPE = 13, O_RDWR = 2, F_DUPFD_CLOEXEC = 1030;

    // Generous: glibc's posix_spawnattr_t is 336 bytes, posix_spawn_file_actions_t 80, sigset_t 128.
    private const int OpaqueSize = 1024;

    /// <summary>Starts a program and returns its process id.</summary>
    /// <param name="path">The executable; not searched for.</param>
    /// <param name="arguments">Its name first.</param>
    /// <param name="environment"><c>NAME=value</c>, all of it.</param>
    /// <param name="descriptors">The child's descriptors 0, 1, 2, … as numbers of this process; it gets no others.</param>
    /// <param name="newSession">Away from the caller's terminal and process group (setsid(2)).</param>
    public static int Start(string path, IReadOnlyList<string> arguments, IEnumerable<string> environment, ReadOnlySpan<int> descriptors, bool newSession = false)
    {
        byte* actions = stackalloc byte[OpaqueSize];
        byte* attributes = stackalloc byte[OpaqueSize];
        List<int> copies = [];
        using CStringArray argv = new(arguments);
        using CStringArray envp = new(environment);
        Check(posix_spawn_file_actions_init(actions), path);
        Check(posix_spawnattr_init(attributes), path);
        try
        {
            SetAttributes(attributes, newSession, path);
            AddDescriptors(actions, descriptors, copies, path);
            int pid;
            Check(posix_spawn(&pid, path, actions, attributes, argv.Pointer, envp.Pointer), path);
            return pid;
        }
        finally
        {
            copies.ForEach(FileDescriptor.Close);
            _ = posix_spawnattr_destroy(attributes);
            _ = posix_spawn_file_actions_destroy(actions);
        }
    }

    /// <summary>Waits for a child to end. Its exit code, or 128 and the signal that killed it, as a shell says it.</summary>
    public static int Wait(int pid)
    {
        int status;
        while (waitpid(pid, &status, 0) < 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno != Errno.EINTR)
            {
                throw new LinuxException("waitpid", $"process {pid}", errno);
            }
        }

        int signal = status & 0x7f;
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal;
    }

    // .NET ignores SIGPIPE and that would be inherited: a hook's `yes | head' must end. A shell starts what is to run in the background
    // with SIGINT ignored, which is meant for the terminal's; a session of its own has none, and is to end on SIGINT.
    private static void SetAttributes(byte* attributes, bool newSession, string path)
    {
        byte* signals = stackalloc byte[OpaqueSize];
        _ = sigemptyset(signals);
        Check(posix_spawnattr_setsigmask(attributes, signals), path);
        _ = sigaddset(signals, SIGPIPE);
        if (newSession)
        {
            _ = sigaddset(signals, SIGINT);
        }

        Check(posix_spawnattr_setsigdefault(attributes, signals), path);
        short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
        Check(posix_spawnattr_setflags(attributes, newSession ? (short)(flags | POSIX_SPAWN_SETSID) : flags), path);
    }

    private static void AddDescriptors(byte* actions, ReadOnlySpan<int> descriptors, List<int> copies, string path)
    {
        for (int target = 0; target < descriptors.Length; target++)
        {
            if (descriptors[target] == DevNull)
            {
                Check(posix_spawn_file_actions_addopen(actions, target, "/dev/null", O_RDWR, 0), path);
                continue;
            }

            // From a copy beyond all targets, because an earlier target's number may be a later one's source.
            int copy = fcntl(descriptors[target], F_DUPFD_CLOEXEC, descriptors.Length);
            if (copy < 0)
            {
                throw new LinuxException("fcntl", $"descriptor {descriptors[target]}", Marshal.GetLastPInvokeError());
            }

            copies.Add(copy);
            Check(posix_spawn_file_actions_adddup2(actions, copy, target), path);
        }

        Check(posix_spawn_file_actions_addclosefrom_np(actions, descriptors.Length), path);
    }

    // The posix_spawn family returns the error instead of setting errno.
    private static void Check(int error, string path)
    {
        if (error != 0)
        {
            throw new LinuxException("posix_spawn", path, error);
        }
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn(int* pid, string path, byte* fileActions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(byte* fileActions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(byte* fileActions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(byte* fileActions, int fd, int newFd);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int posix_spawn_file_actions_addopen(byte* fileActions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_addclosefrom_np(byte* fileActions, int from);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static partial int sigemptyset(byte* signals);

    [LibraryImport("libc")]
    private static partial int sigaddset(byte* signals, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int pid, int* status, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, int argument);

    /// <summary>A null-terminated array of C strings.</summary>
    private sealed class CStringArray : IDisposable
    {
        private readonly List<nint> _strings = [];

        public CStringArray(IEnumerable<string> strings)
        {
            foreach (string text in strings)
            {
                _strings.Add(Marshal.StringToCoTaskMemUTF8(text));
            }

            Pointer = (byte**)NativeMemory.AllocZeroed((nuint)_strings.Count + 1, (nuint)sizeof(byte*));
            for (int i = 0; i < _strings.Count; i++)
            {
                Pointer[i] = (byte*)_strings[i];
            }
        }

        public byte** Pointer { get; }

        public void Dispose()
        {
            NativeMemory.Free(Pointer);
            _strings.ForEach(Marshal.FreeCoTaskMem);
        }
    }
}
