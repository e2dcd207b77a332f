using System.Text;

namespace WgNet.Cli;

/// <summary>What a verb reads and writes; tests give it strings.</summary>
internal sealed record Streams(TextReader In, TextWriter Out, TextWriter Error)
{
    /// <summary>The process's own, UTF-8 whatever the locale says. Error is unbuffered, Out is flushed by <see cref="CommandLine"/>.</summary>
    public static Streams OfProcess()
    {
        UTF8Encoding utf8 = new(encoderShouldEmitUTF8Identifier: false);
        return new Streams(
            new StreamReader(Console.OpenStandardInput(), utf8),
            new StreamWriter(Console.OpenStandardOutput(), utf8),
            new StreamWriter(Console.OpenStandardError(), utf8) { AutoFlush = true });
    }
}
