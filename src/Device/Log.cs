using System.Globalization;
using System.Runtime.CompilerServices;

namespace WgNet.Device;

/// <summary>How much is logged; each level includes the one before.</summary>
public enum LogLevel
{
    Silent,
    Error,
    Verbose,
}

/// <summary>
/// Lines for people, one write each, as wireguard-go logs them. Callers on the packet path rate-limit themselves and ask
/// <see cref="IsVerbose"/> before they format. Thread-safe.
/// </summary>
public sealed class Log(LogLevel level, TextWriter writer)
{
    private readonly TextWriter _writer = TextWriter.Synchronized(writer);

    /// <summary>A log that drops everything.</summary>
    public static Log None { get; } = new(LogLevel.Silent, TextWriter.Null);

    public bool IsVerbose => level >= LogLevel.Verbose;

    /// <summary>The level that wireguard-go's <c>LOG_LEVEL</c> names: <c>silent</c>, <c>error</c>, <c>verbose</c> or <c>debug</c>; anything else is <c>error</c>.</summary>
    public static LogLevel ParseLevel(string? text) => text?.ToUpperInvariant() switch
    {
        "VERBOSE" or "DEBUG" => LogLevel.Verbose,
        "SILENT" => LogLevel.Silent,
        _ => LogLevel.Error,
    };

    public void Verbose(string message)
    {
        if (level >= LogLevel.Verbose)
        {
            Write("DEBUG: ", message);
        }
    }

    /// <summary>As above; the text is put together only if it will be written, so that a flood costs no formatting.</summary>
    public void Verbose([InterpolatedStringHandlerArgument("")] VerboseText text)
    {
        if (IsVerbose)
        {
            Write("DEBUG: ", text.ToStringAndClear());
        }
    }

    public void Error(string message)
    {
        if (level >= LogLevel.Error)
        {
            Write("ERROR: ", message);
        }
    }

    private void Write(string prefix, string message)
    {
        try
        {
            _writer.WriteLine(string.Concat(prefix, message));
        }
        catch (IOException)
        {
            // The reader of the log went away (a closed pipe): the tunnel goes on without it.
        }
        catch (ObjectDisposedException)
        {
            // The same, at the end of the process.
        }
    }
}

/// <summary>An interpolated string that is only formatted when the log is verbose.</summary>
[InterpolatedStringHandler]
public ref struct VerboseText
{
    private DefaultInterpolatedStringHandler _inner;

    public VerboseText(int literalLength, int formattedCount, Log log, out bool enabled)
    {
        enabled = log.IsVerbose;
        _inner = enabled ? new DefaultInterpolatedStringHandler(literalLength, formattedCount, CultureInfo.InvariantCulture) : default;
    }

    public void AppendLiteral(string value) => _inner.AppendLiteral(value);

    public void AppendFormatted<T>(T value) => _inner.AppendFormatted(value);

    internal string ToStringAndClear() => _inner.ToStringAndClear();
}
