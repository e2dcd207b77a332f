using WgNet.Protocol;
using Xunit;

namespace WgNet.Unit.Protocol;

public class SimulationTests
{
    [Fact]
    public void TwoTables_TenThousandSchedulesOfMisfortune_HealAgreeAndFallSilent() =>
        RunSchedules(0, 9_700, seed => new CheapPrimitives(seed));

    internal static void RunSchedules(int first, int count, Func<int, IPrimitives> primitives)
    {
        for (int seed = first; seed < first + count; seed++)
        {
            try
            {
                new Simulation(seed, primitives).Run();
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
