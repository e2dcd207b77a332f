using System.Globalization;

namespace WgNet.Device;

/// <summary>
/// Keeps handshake timestamps from going back across restarts. A responder remembers the highest TAI64N stamp it saw, so after
/// the clock was set back a peer would be locked out until time catches up. The file holds a stamp that no message has
/// passed yet, some way ahead, so that it is written seldom; the next start begins above it.
/// </summary>
internal sealed class TimestampFloor
{
    private const long Ahead = 600L * 1_000_000_000;

    private readonly string? _path;
    private readonly Log _log;
    private long _reserved;

    public TimestampFloor(string? path, Log log)
    {
        _path = path;
        _log = log;
        _reserved = Floor = Load();
    }

    /// <summary>Nanoseconds since 1970-01-01 UTC that every stamp must exceed; 0 when nothing is known.</summary>
    public long Floor { get; }

    /// <summary>A stamp is about to leave. Reserves more when the reserved span is used up.</summary>
    public void Sent(long stamp)
    {
        if (_path is null || stamp < _reserved)
        {
            return;
        }

        _reserved = stamp + Ahead;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            string temporary = _path + ".new";
            File.WriteAllText(temporary, _reserved.ToString(CultureInfo.InvariantCulture) + "\n");
            File.Move(temporary, _path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.Error($"cannot keep the handshake timestamp in {_path}: {e.Message}");
        }
    }

    private long Load()
    {
        try
        {
            if (_path is not null && File.Exists(_path))
            {
                using var reader = new StreamReader(_path);
                if (long.TryParse(reader.ReadLine(), NumberStyles.None, CultureInfo.InvariantCulture, out long floor))
                {
                    return floor;
                }

                _log.Error($"{_path} holds no timestamp; it is ignored and replaced");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _log.Error($"cannot read the handshake timestamp from {_path}: {e.Message}");
        }

        return 0;
    }
}
