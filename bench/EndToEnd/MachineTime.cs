using System.Globalization;

namespace WgNet.Bench;

/// <summary>
/// Processor seconds that the whole machine spent, the programs that make the load included. What the kernel does in interrupts
/// is in it, and so is a tunnel that no process drives: the only account on which the kernel's WireGuard can be compared.
/// </summary>
internal static class MachineTime
{
    // The kernel counts in hundredths of a second, USER_HZ, on every architecture that .NET runs on.
    private const double Tick = 0.01;

    public static double Now()
    {
        // cpu  user nice system idle iowait irq softirq steal ...; what a hypervisor stole was not spent here.
        double[] fields = [.. File.ReadLines("/proc/stat").First()
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Skip(1)
            .Select(field => double.Parse(field, CultureInfo.InvariantCulture))];
        return Tick * (fields[0] + fields[1] + fields[2] + fields[5] + fields[6]);
    }
}
