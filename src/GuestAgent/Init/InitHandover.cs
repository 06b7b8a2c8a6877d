using System.Runtime.InteropServices;
using Hypeman.GuestAgent.Linux;
using Hypeman.GuestAgent.Programs;
using Hypeman.GuestProtocol.Boot;

namespace Hypeman.GuestAgent.Init;

/// <summary>Gives PID 1 to the image's own init system. The agent runs on as a child that it inherits.</summary>
internal static unsafe class InitHandover
{
    private const int SetMask = 2; // SIG_SETMASK
    private const int SignalSetSize = 128;

    /// <summary>Returns only by failing.</summary>
    /// <exception cref="LinuxException">The image's init cannot be executed.</exception>
    public static void Become(GuestBootConfig config, BootReport report)
    {
        var spec = ProgramEnvironment.Spec(config.Program, config.Hostname);
        using var arguments = new NativeStrings(spec.Arguments);
        using var environment = new NativeStrings(spec.Env.Select(pair => $"{pair.Key}={pair.Value}"));
        report.ProgramStarted("systemd");
        for (var signal = 1; signal <= SignalNumbers.Max; signal++)
            Libc.Signal(signal, 0);
        var none = stackalloc byte[SignalSetSize];
        new Span<byte>(none, SignalSetSize).Clear();
        Libc.SignalMask(SetMask, none, null);
        foreach (var candidate in ProgramPath.Candidates(spec.Arguments[0], spec.Env.GetValueOrDefault("PATH")))
        {
            using var path = new NativeStrings([candidate]);
            Libc.Execute(path.Pointer[0], arguments.Pointer, environment.Pointer);
        }
        throw new LinuxException($"The image's init {spec.Arguments[0]} cannot be executed", Marshal.GetLastPInvokeError());
    }
}
