using WgNet.Peers;

string root = AppContext.BaseDirectory;
while (!File.Exists(Path.Combine(root, "WgNet.sln")))
{
    root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException($"no WgNet.sln above {AppContext.BaseDirectory}");
}

string wgnet = Path.Combine(root, "artifacts/wgnet");
if (!Options.TryParse(args, wgnet, Path.Combine(root, "artifacts/bench/peers.json"), out Options? options, out int exitCode))
{
    return exitCode;
}

using var crowd = new Crowd(options.Peers);
var figures = new Figures([.. options.Programs.Select(program => Path.GetFileName(program))]);
new Rounds(options, crowd, figures).Run();
Console.Error.WriteLine();
figures.Print(Console.Out);
figures.Write(options.Output, options.Peers, options.Rounds);
return 0;
