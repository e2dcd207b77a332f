using System.Text;
using Microsoft.Win32.SafeHandles;
using WgNet.Cli.Daemon;
using WgNet.Linux;

namespace WgNet.Cli.Quick;

/// <summary>Programs of others that are run: hooks, resolvconf, nft.</summary>
internal static class ExternalCommand
{
    private static readonly string[] Shells = ["/bin/bash", "/usr/bin/bash", "/bin/sh"];

    /// <summary>The program's path by PATH, or null.</summary>
    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin").Split(':')
            .Where(directory => directory.Length > 0)
            .Select(directory => Path.Combine(directory, program))
            .FirstOrDefault(File.Exists);

    /// <summary>
    /// Runs a line in bash, or sh where there is none, and waits. Its output is this process's. It meets what wg-quick(8)'s hooks do,
    /// which that evaluates itself: the first command that fails ends it, also one in a pipe, and the locale is C.
    /// </summary>
    public static int RunShell(string line)
    {
        string shell = Array.Find(Shells, File.Exists) ?? throw new CommandException("there is no /bin/sh to run hooks with");
        string program = Path.GetFileName(shell);
        string[] options = program == "bash" ? ["-O", "extglob", "-e", "-o", "pipefail"] : ["-e"];
        return Spawn.Wait(Spawn.Start(shell, [program, .. options, "-c", line], DaemonEnvironment.With(("LC_ALL", "C")), [0, 1, 2]));
    }

    /// <summary>Runs a program with a text as its input and waits for it.</summary>
    public static int Run(string path, IReadOnlyList<string> arguments, string input)
    {
        (SafeFileHandle read, SafeFileHandle write) = Pipe.Create();
        int pid;
        using (read)
        {
            pid = Start(path, arguments, [(int)read.DangerousGetHandle(), 1, 2]);
        }

        using (FileStream pipe = new(write, FileAccess.Write, bufferSize: 0))
        {
            try
            {
                pipe.Write(Encoding.UTF8.GetBytes(input));
            }
            catch (IOException)
            {
                // It ended without reading all of it; its exit code says what that means.
            }
        }

        return Spawn.Wait(pid);
    }

    /// <summary>What a program prints that gets no input; nothing if it fails. Its complaints are not shown.</summary>
    public static string Capture(string path, IReadOnlyList<string> arguments)
    {
        (SafeFileHandle read, SafeFileHandle write) = Pipe.Create();
        int pid;
        using (write)
        {
            pid = Start(path, arguments, [Spawn.DevNull, (int)write.DangerousGetHandle(), Spawn.DevNull]);
        }

        using StreamReader output = new(new FileStream(read, FileAccess.Read, bufferSize: 0), Encoding.UTF8);
        string text = output.ReadToEnd();
        return Spawn.Wait(pid) == 0 ? text : "";
    }

    private static int Start(string path, IReadOnlyList<string> arguments, ReadOnlySpan<int> descriptors) =>
        Spawn.Start(path, [Path.GetFileName(path), .. arguments], DaemonEnvironment.With(), descriptors);
}
