using Microsoft.Win32.SafeHandles;
using WgNet.Linux;

namespace WgNet.Device;

/// <summary>
/// The state on disk. A new one is written beside the old, made durable, and put in its place by one rename: at any moment, a
/// crash and a loss of power included, the file is the one or the other as a whole. Not thread-safe.
/// </summary>
internal sealed class StateStore(string path)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _temporary = path + ".new";
    private readonly string _damaged = path + ".damaged";
    private readonly string _folder = System.IO.Path.GetDirectoryName(path)!;

    public string Path => path;

    /// <summary>
    /// The state that is there, or null. What is there and is not one is set aside, so that it is in nobody's way and can be looked at;
    /// <paramref name="problem"/> says so in a sentence.
    /// </summary>
    public SavedState? Load(out string? problem)
    {
        problem = null;
        try
        {
            if (!DurableFile.TryOpen(path, out SafeFileHandle? file))
            {
                problem = SetAside("it is no file");
                return null;
            }

            if (file is null)
            {
                return null;
            }

            using (file)
            {
                return Read(file, out problem);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problem = $"{path} cannot be read and is not used: {e.Message}";
            return null;
        }
    }

    /// <summary>Writes what <paramref name="write"/> adds in place of what was there; nothing added leaves no file.</summary>
    /// <param name="savedAt">Milliseconds since 1970-01-01 UTC.</param>
    /// <returns>How many peers had no room.</returns>
    /// <exception cref="IOException">The disk is full, or the like; what was there before is still there.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public int Save(long savedAt, Action<SavedStateWriter> write)
    {
        _ = Directory.CreateDirectory(_folder);
        try
        {
            // One that a crash left behind; never followed if it is a link.
            File.Delete(_temporary);
            SavedStateWriter written = Write(savedAt, write);
            if (written.Peers > 0)
            {
                DurableFile.Rename(_temporary, path);
                DurableFile.SyncFolder(_folder);
                return written.LeftOut;
            }
        }
        catch
        {
            // A full disk needs the room.
            TryDelete(_temporary);
            throw;
        }

        File.Delete(_temporary);
        File.Delete(path);
        return 0;
    }

    /// <summary>Leaves nothing of what was kept.</summary>
    public void Remove()
    {
        if (Directory.Exists(_folder))
        {
            File.Delete(path);
            File.Delete(_temporary);
            File.Delete(_damaged);
        }
    }

    private SavedStateWriter Write(long savedAt, Action<SavedStateWriter> write)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0, UnixCreateMode = OwnerOnly };
        using var file = new FileStream(_temporary, options);
        var writer = new SavedStateWriter(file, savedAt);
        write(writer);
        writer.Finish();
        file.Flush(flushToDisk: true);
        return writer;
    }

    private SavedState? Read(SafeFileHandle file, out string? problem)
    {
        problem = null;
        long length = RandomAccess.GetLength(file);
        if (length > SavedState.MaxSize)
        {
            problem = SetAside("it is too large");
            return null;
        }

        byte[] text = new byte[length];
        int read = 0, count;
        while (read < text.Length && (count = RandomAccess.Read(file, text.AsSpan(read), read)) > 0)
        {
            read += count;
        }

        if (!SavedStateReader.TryRead(text.AsSpan(0, read), out SavedState? state, out string reason))
        {
            problem = SetAside(reason);
        }

        return state;
    }

    private string SetAside(string reason)
    {
        try
        {
            DurableFile.Rename(path, _damaged);
            return $"{path} is not a state of WgNet's: {reason}; it is now {_damaged}";
        }
        catch (LinuxException e)
        {
            return $"{path} is not a state of WgNet's: {reason}; it is not used, and stays: {e.Message}";
        }
    }

    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}
