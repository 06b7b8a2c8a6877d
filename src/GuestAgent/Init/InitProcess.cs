using Hypeman.GuestAgent.Linux;
using Hypeman.GuestAgent.Programs;
using Hypeman.GuestProtocol.Boot;

namespace Hypeman.GuestAgent.Init;

/// <summary>
/// PID 1. Nothing may escape from here: if it ends, the kernel panics.
/// <code>
/// 1 console, proc, sys, dev            5 both there: root switched, the rest mounted
/// 2 modules for disks and ports        6 agent started; names, hosts, resolver
/// 3 boot configuration read            7 agent ready
/// 4 network (on its own thread) | root 8 program started, or it becomes PID 1
///                                      9 program over: report, power off
/// </code>
/// </summary>
internal static class InitProcess
{
    private static readonly TimeSpan AgentPatience = TimeSpan.FromSeconds(60);

    /// <summary>The bus is there on a machine without PCI, too, but then it is empty.</summary>
    private static bool HasPciDevices
    {
        get
        {
            const string devices = "/sys/bus/pci/devices";
            return Directory.Exists(devices) && Directory.EnumerateFileSystemEntries(devices).Any();
        }
    }

    public static int Run()
    {
        var report = new BootReport();
        var power = new Power();
        try
        {
            Boot(report, power);
        }
        catch (Exception e)
        {
            report.BootFailed(e.Message);
        }
        power.Off();
        return 0;
    }

    private static void Boot(BootReport report, Power power)
    {
        // :: Step 1
        Mounts.Add("devtmpfs", "/dev", "devtmpfs", MountFlags.NoSetUid);
        Mounts.Add("proc", "/proc", "proc", MountFlags.NoSetUid | MountFlags.NoDevices | MountFlags.NoExecute);
        Mounts.Add("sysfs", "/sys", "sysfs", MountFlags.NoSetUid | MountFlags.NoDevices | MountFlags.NoExecute);
        Terminal.MakePlain(1);

        // :: Step 2
        var modules = new KernelModules("/modules");
        modules.Load("core");
        modules.Load(HasPciDevices ? "pci" : "mmio");
        modules.Load("base");

        // :: Step 3
        var config = ReadConfig();
        report.Begin(config.Boot);
        Machine.Adjust(config);

        // :: Step 4
        var network = NetworkSetup.Begin(config.Network, () => modules.Load("net"));
        modules.Load("root");

        // :: Step 5
        RootFileSystem.Mount(power);
        network.Finish();
        RootFileSystem.Enter();

        // :: Step 6
        using var inbox = new InitInbox();
        var agent = config.SkipGuestAgent ? null : AgentChild.Start(config.Program.IsInit, inbox);
        Machine.Name(config.Hostname, config.Network);
        Machine.Identify(config.MachineId);

        // :: Step 7
        if (agent is not null)
        {
            inbox.WaitForAgent(agent, AgentPatience);
            report.AgentReady();
        }

        // :: Step 8
        if (config.Program.IsInit)
        {
            InitHandover.Become(config, report);
            return;
        }
        var code = ProgramSupervisor.Run(config, agent, inbox, report);

        // :: Step 9
        report.ProgramExited(code, ExitMessage.MayBeOom(code) && KernelLog.TellsOfOom());
    }

    private static GuestBootConfig ReadConfig()
    {
        using var disk = File.OpenRead(Devices.Disk(DiskSerials.Config));
        return GuestBootConfigCodec.Decode(disk);
    }
}
