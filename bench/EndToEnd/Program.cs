using WgNet.Bench;

return BenchOptions.TryParse(args, out BenchOptions? options, out int exitCode) ? Benchmark.Run(options) : exitCode;
