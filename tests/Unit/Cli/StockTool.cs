using System.Diagnostics;

namespace WgNet.Unit.Cli;

/// <summary>Debian's wg(8), to compare with.</summary>
internal static class StockTool
{
    public static (int ExitCode, string Out, string Error) Wg(string argument, string input)
    {
        using Process process = Process.Start(new ProcessStartInfo("wg", [argument])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error);
    }
}
