using System.Diagnostics;

namespace WgNet.Unit.Protocol.Crypto;

/// <summary>This test program once more, in a process of its own with other settings of the runtime.</summary>
internal static class AeadProcess
{
    /// <summary>Runs the classes named, one after the other; the output and whether all passed.</summary>
    public static (bool Passed, string Output) Run(IEnumerable<Type> classes, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "WgNet.Unit"))
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add("-parallel");
        start.ArgumentList.Add("none");
        foreach (Type type in classes)
        {
            start.ArgumentList.Add("-class");
            start.ArgumentList.Add(type.FullName!);
        }

        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        return (process.ExitCode == 0, output);
    }
}
