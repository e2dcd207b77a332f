namespace WgNet.Cli.Quick;

/// <summary>PreUp, PostUp, PreDown and PostDown: lines for the shell, with <c>%i</c> for the interface.</summary>
internal static class Hooks
{
    public static void Run(IEnumerable<string> hooks, string interfaceName, Narrator narrator)
    {
        foreach (string hook in hooks)
        {
            string line = hook.Replace("%i", interfaceName, StringComparison.Ordinal);
            int exitCode;
            using (narrator.Begin(line))
            {
                exitCode = ExternalCommand.RunShell(line);
            }

            if (exitCode != 0)
            {
                throw new CommandException($"`{line}' failed with status {exitCode}", exitCode);
            }
        }
    }
}
