namespace WgNet.Cli.Completion;

/// <summary>A word that may come next.</summary>
/// <param name="Text">It, or a placeholder such as <c>&lt;file&gt;</c>, for which the shell knows the words.</param>
/// <param name="Description">What the shell shows beside it; may be empty.</param>
internal readonly record struct Candidate(string Text, string Description = "");
