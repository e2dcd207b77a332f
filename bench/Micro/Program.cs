using BenchmarkDotNet.Running;
using WgNet.Micro;
using WgNet.Micro.Turns;

if (args is ["turns"])
{
    LookupTurns.Run(Console.Out, MicroConfig.Artifacts);
    return;
}

// A plain word is what a class or method has in its name; BenchmarkDotNet's own options may follow.
string[] arguments = args switch
{
    [] => ["--filter", "*"],
    [var word, .. var rest] when !word.StartsWith('-') => ["--filter", $"*{word}*", .. rest],
    _ => args,
};
BenchmarkSwitcher.FromAssembly(typeof(MicroConfig).Assembly).Run(arguments, new MicroConfig());
