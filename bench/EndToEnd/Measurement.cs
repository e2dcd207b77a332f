namespace WgNet.Bench;

/// <summary>One number that a measurement gives.</summary>
/// <param name="Name">What it is, with the measurement's title understood.</param>
internal sealed record Metric(string Name, string Unit, bool LowerIsBetter);

/// <summary>One thing that is done to a running tunnel, and the numbers that come of it.</summary>
/// <param name="Key">Its name on the command line.</param>
/// <param name="Cable">The cable that it needs; measurements that need the same one share a tunnel.</param>
/// <param name="Take">Gives a number for each metric, in their order; NaN for one that makes no sense for this contender.</param>
internal sealed record Measurement(string Key, string Title, CableSettings Cable, IReadOnlyList<Metric> Metrics, Func<Trial, double[]> Take)
{
    /// <summary>Only when it is asked for by name: it takes long.</summary>
    public bool IsOnRequest { get; init; }
}

/// <summary>A tunnel that is up, and who drives it.</summary>
/// <param name="Daemons">One a side; none if the kernel does.</param>
/// <param name="Seconds">How long a measurement is to take.</param>
/// <param name="Stop">The user wants to end.</param>
internal sealed record Trial(Cable Cable, IReadOnlyList<Daemon> Daemons, int Seconds, CancellationToken Stop = default);
