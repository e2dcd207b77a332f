using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using WgNet.Linux;

namespace WgNet.Cli.Quick;

/// <summary>
/// Lets one <c>up</c>, <c>down</c>, <c>reload</c> or <c>save</c> of a name after the other do its work: two at once would take each
/// other's half-made steps for the user's. The file says who has it: process id and verb.
/// </summary>
internal sealed class InterfaceLock : IDisposable
{
    private const int LongestNote = 64;

    // Longer than any step should take; hooks may.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60), Poll = TimeSpan.FromMilliseconds(50);

    private readonly SafeFileHandle? _file;

    private InterfaceLock(SafeFileHandle? file) => _file = file;

    /// <summary>Waits for its turn. Where there is no place for a lock it says so and goes on without.</summary>
    /// <exception cref="CommandException">It is not free in time, or who has it waits for this process.</exception>
    public static InterfaceLock Take(string name, string verb, Narrator narrator)
    {
        try
        {
            RunFolder.Make();
            return Take(RunFolder.PathOf(name, "lock"), name, verb, narrator, Patience);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            narrator.Warn($"`{name}' is not locked against another wgnet: {exception.Message}");
            return new InterfaceLock(file: null);
        }
    }

    internal static InterfaceLock Take(string path, string name, string verb, Narrator narrator, TimeSpan patience)
    {
        SafeFileHandle file = FileLock.Open(path);
        try
        {
            if (!FileLock.TryTake(file))
            {
                Holder holder = ReadHolder(file);
                if (verb == "save" && holder.IsAncestor)
                {
                    // It waits for its hook, which is the same as having its turn; a file is all that is written.
                    file.Dispose();
                    return new InterfaceLock(file: null);
                }

                using IDisposable progress = narrator.Wait($"waiting for {holder}");
                WaitFor(file, name, verb, patience);
            }

            string note = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId} wgnet {verb} {name}\n");
            RandomAccess.SetLength(file, 0);
            RandomAccess.Write(file, Encoding.ASCII.GetBytes(note), fileOffset: 0);
            return new InterfaceLock(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    // The file stays: removed, it could be another's already who opened it and waits.
    public void Dispose()
    {
        if (_file is not null)
        {
            RandomAccess.SetLength(_file, 0);
            _file.Dispose();
        }
    }

    private static void WaitFor(SafeFileHandle file, string name, string verb, TimeSpan patience)
    {
        using Interruption interruption = new();
        long start = Stopwatch.GetTimestamp();
        do
        {
            Holder holder = ReadHolder(file);
            if (holder.IsAncestor)
            {
                throw new CommandException($"a hook of `{holder.Command}' cannot {verb} `{name}': each would wait for the other; what a hook may do is wgnet set, setconf, addconf and syncconf");
            }

            if (Stopwatch.GetElapsedTime(start) > patience)
            {
                throw new CommandException(string.Create(CultureInfo.InvariantCulture, $"`{name}' is still being changed by {holder} after {patience.TotalSeconds:0.#} s: try again when that has ended"));
            }

            interruption.Sleep(Poll);
        }
        while (!FileLock.TryTake(file));
    }

    private static Holder ReadHolder(SafeFileHandle file)
    {
        Span<byte> note = stackalloc byte[LongestNote];
        string[] words = Encoding.ASCII.GetString(note[..RandomAccess.Read(file, note, fileOffset: 0)]).TrimEnd('\n').Split(' ', 2);
        return words is [{ } id, { } command] && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out int pid)
            ? new Holder(pid, command)
            : new Holder(0, "another wgnet");
    }

    /// <param name="Pid">0 if it is not known (yet).</param>
    private readonly record struct Holder(int Pid, string Command)
    {
        /// <summary>Whether this process runs in a hook of it.</summary>
        public bool IsAncestor
        {
            get
            {
                for (int pid = Environment.ProcessId; pid > 0; pid = ParentOf(pid))
                {
                    if (pid == Pid)
                    {
                        return true;
                    }
                }

                return false;
            }
        }

        public override string ToString() => Pid == 0 ? Command : string.Create(CultureInfo.InvariantCulture, $"`{Command}' (process {Pid})");

        // proc(5): pid (name) state parent; the name may have blanks and brackets in it.
        private static int ParentOf(int pid)
        {
            try
            {
                string status = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
                return int.Parse(status.AsSpan(status.LastIndexOf(')') + 1).ToString().Split(' ')[2], CultureInfo.InvariantCulture);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException or IndexOutOfRangeException)
            {
                return 0;
            }
        }
    }
}
