using Hypeman.GuestProtocol.Boot;
using Hypeman.GuestProtocol.Events;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Hypervisors.Qemu;
using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Guest;

namespace Hypeman.Tests.NodeRuntime.Guest;

/// <summary>What all guests of these tests share: kernel, initial file system and image, made once.</summary>
public sealed class GuestVmFiles : IAsyncLifetime
{
    public string Directory { get; } = global::System.IO.Directory.CreateTempSubdirectory("hypeman-guest-test-").FullName;

    public GuestSystemFiles System { get; private set; } = null!;

    public string Image => Path.Combine(Directory, "busybox.erofs");

    public async ValueTask InitializeAsync()
    {
        System = await new GuestSystem(GuestAssets.Options(Directory)).EnsureAsync(CancellationToken.None);
        await BusyBoxRoot.MakeImageAsync(Image, CancellationToken.None);
    }

    public ValueTask DisposeAsync()
    {
        global::System.IO.Directory.Delete(Directory, recursive: true);
        return ValueTask.CompletedTask;
    }
}

/// <summary>One guest under plain QEMU, with an event file, a console file and a channel socket in its own directory.</summary>
public sealed class GuestVm : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _directory;
    private readonly ProcessHandle _process;
    private readonly CancellationTokenSource _deadline = new(Patience);

    private GuestVm(string directory, ProcessHandle process)
    {
        _directory = directory;
        _process = process;
    }

    public string Socket => Path.Combine(_directory, "agent.sock");
    public string Console => File.ReadAllText(Path.Combine(_directory, "console.log"));
    public CancellationToken Deadline => _deadline.Token;
    public Task Exited => _process.Exited;

    public static GuestBootConfig Config(params string[] program) => new()
    {
        Boot = 1,
        Hostname = "guest",
        Program = new GuestProgram { Arguments = program },
    };

    public static async Task<GuestVm> StartAsync(GuestVmFiles files, GuestBootConfig config, params string[] more)
    {
        var directory = Directory.CreateDirectory(Path.Combine(files.Directory, Guid.NewGuid().ToString("N"))).FullName;
        string At(string name) => Path.Combine(directory, name);
        await File.WriteAllBytesAsync(At("config.img"), GuestBootConfigCodec.Encode(config));
        using (var disk = File.Create(At("overlay.img")))
            disk.SetLength(256L << 20);
        await Command.RunAsync("mke2fs", ["-q", "-t", "ext4", At("overlay.img")], CancellationToken.None);
        var started = await Spawner.StartAsync(new SpawnRequest
        {
            Program = "qemu-system-x86_64",
            OutputPath = At("qemu.log"),
            Arguments =
            [
                "-M", QemuCommandLine.LeanQ35, "-accel", "tcg", "-cpu", "max", "-m", "256",
                "-nodefaults", "-no-user-config", "-display", "none",
                "-no-reboot", "-nic", "none", "-kernel", files.System.Kernel, "-initrd", files.System.Initramfs,
                "-append", KernelCommandLine.For(isEmulated: true), "-serial", $"file:{At("console.log")}",
                .. Disk("root", files.Image, readOnly: true), .. Disk("overlay", At("overlay.img"), readOnly: false),
                .. Disk("config", At("config.img"), readOnly: true),
                "-device", "virtio-serial-pci,id=serial",
                "-chardev", $"socket,id=agent,path={At("agent.sock")},server=on,wait=off",
                "-device", $"virtserialport,bus=serial.0,nr=1,chardev=agent,name={PortNames.Agent}",
                "-chardev", $"file,id=events,path={At("events.log")},append=on",
                "-device", $"virtserialport,bus=serial.0,nr=2,chardev=events,name={PortNames.Events}",
                .. more,
            ],
        });
        return new GuestVm(directory, ProcessHandle.Open(started)
            ?? throw new InvalidOperationException("QEMU ended at once: " + await File.ReadAllTextAsync(At("qemu.log"))));
    }

    /// <summary>Waits for one kind of event; a guest that ends before fails the test with its console.</summary>
    public async Task<T> EventAsync<T>() where T : GuestEvent
    {
        try
        {
            await foreach (var value in GuestEventLog.FollowAsync(Path.Combine(_directory, "events.log"), 1, TimeProvider.System, Deadline))
            {
                if (value is T wanted)
                    return wanted;
                if (value is BootFailed failed)
                    throw new InvalidOperationException(failed.Message + "\n" + Console);
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"No {typeof(T).Name} within {Patience.TotalSeconds} s. The console:\n{Console}");
        }
        throw new InvalidOperationException("The event log ended.");
    }

    /// <summary>Waits until the program has written something.</summary>
    public Task ConsoleAsync(string text) =>
        Until.True(() => Console.Contains(text, StringComparison.Ordinal), Patience, $"the console says \"{text.Trim()}\"");

    public Task<GuestChannel> ConnectAsync() => GuestChannel.ConnectAsync(Socket, Deadline);

    public async ValueTask DisposeAsync()
    {
        _process.Kill(ProcessSignal.Kill);
        await _process.Exited;
        _process.Dispose();
        _deadline.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static string[] Disk(string serial, string path, bool readOnly) =>
    [
        "-drive", $"if=none,id={serial},format=raw,file={path},read-only={(readOnly ? "on" : "off")}",
        "-device", $"virtio-blk-pci,drive={serial},serial={serial}",
    ];
}
