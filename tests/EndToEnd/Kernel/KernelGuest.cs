using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace WgNet.EndToEnd.Kernel;

/// <summary>
/// A virtual machine whose kernel is Debian's, with its WireGuard, on a cable to a host of the tests. It boots once for all tests.
/// <code>
///   Host (a namespace)                          guest (QEMU)
///   guest0  172.31.0.1, fd31::1 ─────────────── eth0  172.31.0.2, fd31::2
///   wgnet               ═══════════════════════ wireguard
/// </code>
/// <c>prepare.sh</c> makes what it boots. Emulation is enough here and the same everywhere: whether a machine's /dev/kvm works shows
/// only when it is tried. Commands go through a serial port, so that no test of the network depends on the network.
/// </summary>
public sealed class KernelGuest : IDisposable
{
    private const string HostInterface = "guest0";
    private const byte EndOfOutput = 4;

    private static readonly LinkEnd HostEnd = new(HostInterface, "172.31.0.1", "fd31::1");
    private static readonly LinkEnd GuestEnd = new("eth0", "172.31.0.2", "fd31::2");
    private static readonly TimeSpan BootTimeout = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromSeconds(60);

    private readonly Lock _commands = new();
    private readonly Daemon _machine;
    private readonly Socket _control;

    public KernelGuest()
    {
        try
        {
            Host = Lab.AddHost("kernel");
            AddCable();
            string socket = Path.Combine(Lab.Folder, "control");
            _machine = Boot(socket);
            _control = Connect(socket);
            Assert.Equal(0, ReadAnswer("boot", BootTimeout).ExitCode);
        }
        catch
        {
            _control?.Dispose();
            Lab.Dispose();
            throw;
        }
    }

    public Lab Lab { get; } = new();

    /// <summary>The near end of the cable: where WgNet runs.</summary>
    public Host Host { get; }

    /// <summary>The guest's address outside the tunnel.</summary>
    public static string Address(Outside outside) => GuestEnd.Address(outside);

    /// <summary>Output of a shell command that must succeed in the guest.</summary>
    public string Run(string command)
    {
        CommandResult result = TryRun(command);
        return result.Succeeded ? result.Output : throw new InvalidOperationException(result.ToString());
    }

    /// <summary>One line for the guest's shell.</summary>
    public CommandResult TryRun(string command)
    {
        lock (_commands)
        {
            _control.Send(Encoding.UTF8.GetBytes(command + "\n"));
            return ReadAnswer(command, CommandTimeout);
        }
    }

    /// <summary>One echo is answered within five seconds.</summary>
    public void Pings(string address, string options = "")
    {
        CommandResult result = TryPing(address, 5, options);
        Assert.True(result.Succeeded, result.ToString());
    }

    // Busybox's ping waits ten seconds for the first answer, whatever its deadline, if it is not told.
    public CommandResult TryPing(string address, int seconds, string options = "") =>
        TryRun(string.Create(CultureInfo.InvariantCulture, $"ping -c 1 -w {seconds} -W {seconds} {options} {address}"));

    public void Dispose()
    {
        _control.Dispose();
        Lab.Dispose();
    }

    private void AddCable()
    {
        Host.Run($"ip tuntap add dev {HostInterface} mode tap");
        Host.Run($"ip address add {HostEnd.IPv4}/24 dev {HostInterface}");
        Host.Run($"ip address add {HostEnd.IPv6}/64 dev {HostInterface} nodad");
        Host.Run($"ip link set {HostInterface} up");
        Host.Links.Add(HostEnd);
    }

    private Daemon Boot(string controlSocket)
    {
        string folder = Path.Combine(Path.GetDirectoryName(Harness.Programs.WgNet)!, "kernel-guest");
        return Host.Start(
            "qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "max", "-m", "256",
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", Path.Combine(folder, "vmlinuz"), "-initrd", Path.Combine(folder, "initrd"),
            "-append", "console=ttyS0 quiet panic=-1 mitigations=off",
            "-serial", "file:/dev/stdout",
            "-serial", $"unix:{controlSocket},server=on,wait=off",
            "-netdev", $"tap,id=cable,ifname={HostInterface},script=no,downscript=no",
            "-device", "virtio-net-pci,netdev=cable,romfile=");
    }

    private Socket Connect(string path)
    {
        Wait.Until(
            () => File.Exists(path) || _machine.HasExited,
            TimeSpan.FromSeconds(20),
            () => $"QEMU made no {path}\n{_machine.Log}");
        Assert.False(_machine.HasExited, _machine.Log);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    //  output | 4 | exit code in digits | line feed
    private CommandResult ReadAnswer(string command, TimeSpan timeout)
    {
        var answer = new List<byte>();
        byte[] buffer = new byte[4096];
        _control.ReceiveTimeout = (int)timeout.TotalMilliseconds;
        try
        {
            int end;
            while ((end = answer.LastIndexOf(EndOfOutput)) < 0 || answer[^1] != '\n')
            {
                int count = _control.Receive(buffer);
                Assert.True(count > 0, $"the guest ended at `{command}`\n{_machine.Log}");
                answer.AddRange(buffer.AsSpan(0, count));
            }

            byte[] bytes = [.. answer];
            int exitCode = int.Parse(Encoding.ASCII.GetString(bytes.AsSpan((end + 1)..)), CultureInfo.InvariantCulture);
            return new CommandResult(command, exitCode, Encoding.UTF8.GetString(bytes.AsSpan(0, end)), "");
        }
        catch (SocketException e)
        {
            throw new TimeoutException($"the guest did not answer `{command}`\n{_machine.Log}", e);
        }
    }
}

/// <summary>The tests that share the guest: one after the other, beside the other tests.</summary>
[CollectionDefinition(nameof(KernelGuest))]
public sealed class KernelGuestTests : ICollectionFixture<KernelGuest>;
