using System.Globalization;
using System.Text.Json;

namespace WgNet.Bench;

/// <summary>What one run of iperf3 brought.</summary>
/// <param name="Bytes">That arrived.</param>
/// <param name="Delivered">Datagrams that arrived; 0 with TCP.</param>
/// <param name="Lost">Datagrams that did not.</param>
/// <param name="Cpu">Seconds that both ends of the tunnel used meanwhile, without iperf3 itself; NaN if no process drives them.</param>
/// <param name="MachineCpu">Seconds that the machine was busy meanwhile.</param>
internal sealed record IperfResult(double BitsPerSecond, double Bytes, double Delivered, double Lost, double Seconds, double Cpu, double MachineCpu);

/// <summary>iperf3 from the left host to the right one.</summary>
internal static class Iperf
{
    /// <param name="options">What goes beside the address and the time.</param>
    /// <param name="meanwhile">Runs while the load does.</param>
    public static IperfResult Run(Trial trial, string[] options, Action? meanwhile = null)
    {
        Cable cable = trial.Cable;
        Daemon server = cable.Right.Host.Start("iperf3", "-s", "-1", "-B", cable.Right.Inside);
        Wait.Until(
            () => cable.Right.Host.Run("ss -Hltn sport = :5201").Length > 0,
            TimeSpan.FromSeconds(5),
            () => "iperf3 does not listen\n" + server.Log);

        double machineBefore = MachineTime.Now();
        ProcessTimes before = ProcessTimes.Of(trial.Daemons);
        Task? beside = meanwhile is null ? null : Task.Run(() =>
        {
            Thread.Sleep(500);
            meanwhile();
        });
        CommandResult result = cable.Left.Host.TryRun(
            ["iperf3", "-c", cable.Right.Inside, "-t", trial.Seconds.ToString(CultureInfo.InvariantCulture), "-J", .. options],
            timeout: TimeSpan.FromSeconds(trial.Seconds + 30));
        double cpu = trial.Daemons.Count > 0 ? (ProcessTimes.Of(trial.Daemons) - before).Cpu : double.NaN;
        double machineCpu = MachineTime.Now() - machineBefore;
        beside?.Wait();
        server.WaitForExit(TimeSpan.FromSeconds(5));
        server.Dispose();
        return result.Succeeded ? Parse(result.Output, cpu, machineCpu) : throw new InvalidOperationException(result.ToString());
    }

    public static IperfResult Run(Trial trial, params string[] options) => Run(trial, options, meanwhile: null);

    private static IperfResult Parse(string json, double cpu, double machineCpu)
    {
        using var document = JsonDocument.Parse(json);
        JsonElement end = document.RootElement.GetProperty("end");
        JsonElement sum = end.TryGetProperty("sum_received", out JsonElement received) ? received : end.GetProperty("sum");
        double lost = Number(sum, "lost_packets");
        double delivered = Number(sum, "packets") - lost;
        return new IperfResult(Number(sum, "bits_per_second"), Number(sum, "bytes"), delivered, lost, Number(sum, "seconds"), cpu, machineCpu);
    }

    private static double Number(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) ? value.GetDouble() : 0;
}
