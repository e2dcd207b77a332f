using WgNet.Cli;

return CommandLine.Run(args, Streams.OfProcess());
