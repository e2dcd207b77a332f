using System.Globalization;

namespace WgNet.Uapi;

/// <summary>Why a <c>set=1</c> was refused: fit for a log, without secrets.</summary>
/// <param name="Line">Counted from 1, which is <c>set=1</c> itself.</param>
/// <param name="Key">Empty if the line has none.</param>
/// <param name="Value">Empty where it could be a secret.</param>
/// <param name="Errno">Positive; the answer is <c>errno=-Errno</c>.</param>
public sealed record UapiError(int Line, string Key, string Value, int Errno, string Reason)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"set refused, nothing changed: line {Line}: {(Key.Length == 0 ? "" : $"{Key}={Value}: ")}{Reason} (errno {Errno})");
}
