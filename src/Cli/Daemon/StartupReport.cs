using System.Text;
using Microsoft.Win32.SafeHandles;

namespace WgNet.Cli.Daemon;

/// <summary>
/// How a starting daemon talks to the process that started it, over a pipe: one zero byte and the end once its socket answers,
/// or the text of an error and the end.
/// </summary>
internal static class StartupReport
{
    /// <summary>The child's end.</summary>
    public static void Ready(int descriptor)
    {
        using FileStream pipe = Open(descriptor);
        pipe.WriteByte(0);
    }

    /// <summary>The child's end, where it cannot start.</summary>
    public static void Fail(int descriptor, string message)
    {
        using FileStream pipe = Open(descriptor);
        pipe.Write(Encoding.UTF8.GetBytes(message));
    }

    /// <summary>The parent's end: waits for the child to report or to end. True once it is ready; otherwise what it wrote.</summary>
    public static bool Read(SafeFileHandle pipe, out string error)
    {
        using FileStream stream = new(pipe, FileAccess.Read, bufferSize: 0);
        using StreamReader reader = new(stream, Encoding.UTF8);
        int first = reader.Read();
        error = first > 0 ? (char)first + reader.ReadToEnd() : "";
        return first == 0;
    }

    private static FileStream Open(int descriptor) => new(new SafeFileHandle(descriptor, ownsHandle: true), FileAccess.Write, bufferSize: 0);
}
