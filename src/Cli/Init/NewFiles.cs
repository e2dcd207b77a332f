namespace WgNet.Cli.Init;

/// <summary>
/// Files that did not exist before, readable by their owner alone. All of them or none: what was written goes again unless
/// <see cref="Keep"/> is called.
/// </summary>
internal sealed class NewFiles : IDisposable
{
    private readonly List<string> _files = [];
    private readonly List<string> _directories = [];
    private bool _kept;

    public void MakeDirectory(string path)
    {
        if (!Directory.Exists(path))
        {
            _ = Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            _directories.Add(path);
        }
    }

    /// <exception cref="CommandException">There is such a file already.</exception>
    public void Write(string path, ReadOnlySpan<byte> content)
    {
        FileStream file;
        try
        {
            file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (IOException) when (File.Exists(path))
        {
            throw new CommandException($"`{path}' exists already, nothing was written: remove it, or choose another name or --directory");
        }

        _files.Add(path);
        using (file)
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
    }

    public void Keep() => _kept = true;

    public void Dispose()
    {
        if (_kept)
        {
            return;
        }

        _files.ForEach(File.Delete);
        foreach (string directory in Enumerable.Reverse(_directories))
        {
            Directory.Delete(directory);
        }
    }
}
