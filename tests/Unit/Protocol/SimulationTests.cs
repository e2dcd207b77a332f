using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol;

public class SimulationTests
{
    [Fact]
    public void TwoTables_TenThousandSchedulesOfMisfortune_HealAgreeAndFallSilent() =>
        RunSchedules(0, 9_700, seed => new CheapPrimitives(seed));

    [Fact]
    public void Rekey_WithPacketsUnderWayBothWays_LosesNone() =>
        RunSchedules(0, 100, seed => new CheapPrimitives(seed), simulation => simulation.Rekey());

    internal static void RunSchedules(int first, int count, Func<int, IPrimitives> primitives) =>
        RunSchedules(first, count, primitives, simulation => simulation.Run());

    private static void RunSchedules(int first, int count, Func<int, IPrimitives> primitives, Action<Simulation> run)
    {
        for (int seed = first; seed < first + count; seed++)
        {
            try
            {
                run(new Simulation(seed, primitives));
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}");
            }
        }
    }
}

public class RealCryptoSimulationTests
{
    [Fact]
    public void TwoTables_SchedulesWithRealCryptography_HealAgreeAndFallSilent() =>
        SimulationTests.RunSchedules(9_700, 300, seed => new SeededPrimitives(seed));
}
