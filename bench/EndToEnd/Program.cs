using WgNet.Bench;

if (args is ["profile", ..])
{
    return Profile.Run(Benchmark.WgNet, seconds: 5);
}

return BenchOptions.TryParse(args, out BenchOptions? options, out int exitCode) ? Benchmark.Run(options) : exitCode;
