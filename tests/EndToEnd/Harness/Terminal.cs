using System.Globalization;

namespace WgNet.EndToEnd.Harness;

/// <summary>A shell in a terminal of tmux's, of 80 columns and 24 lines, with a server of its own.</summary>
public sealed class Terminal : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);
    private static int _count;

    private readonly string[] _tmux;

    /// <param name="folder">For its settings.</param>
    public Terminal(string folder)
    {
        string settings = Path.Combine(folder, "tmux.conf");
        File.WriteAllText(settings, "set -g status off\nset -g default-terminal tmux-256color\n");
        string server = string.Create(CultureInfo.InvariantCulture, $"wgt-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}");
        _tmux = ["env", "--default-signal=INT", "tmux", "-u", "-L", server, "-f", settings];
        Tmux("new-session", "-d", "-x", "80", "-y", "24", "env", "PS1=% ", "bash", "--norc", "--noprofile");
        WaitFor(screen => screen.Contains('%', StringComparison.Ordinal));
    }

    /// <summary>What is on the screen, blanks at the ends of lines left out.</summary>
    public string Screen => Tmux("capture-pane", "-p");

    /// <summary>The process that the shell runs.</summary>
    public string ChildId
    {
        get
        {
            string shell = Tmux("display-message", "-p", "#{pane_pid}").Trim();
            return File.ReadAllText($"/proc/{shell}/task/{shell}/children").Trim();
        }
    }

    public void Enter(string command)
    {
        Type(command);
        Press("Enter");
    }

    public void Type(string text) => Tmux("send-keys", "-l", text);

    /// <param name="key">A letter, or a name that tmux knows.</param>
    public void Press(string key) => Tmux("send-keys", key);

    public void Resize(int width, int height) => Tmux(
        "resize-window", "-x", width.ToString(CultureInfo.InvariantCulture), "-y", height.ToString(CultureInfo.InvariantCulture));

    public void WaitFor(Func<string, bool> condition) => Wait.Until(() => condition(Screen), Timeout, () => "the screen shows:\n" + Screen);

    public void WaitFor(string text) => WaitFor(screen => screen.Contains(text, StringComparison.Ordinal));

    public void Dispose() => Command.TryRun([.. _tmux, "kill-server"]);

    private string Tmux(params string[] arguments) => Command.Run([.. _tmux, .. arguments]);
}
