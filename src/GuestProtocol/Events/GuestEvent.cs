using System.Text.Json.Serialization;

namespace Hypeman.GuestProtocol.Events;

/// <summary>News of a boot, written by init to the events port. The guest is not trusted: these are claims.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(ProgramStarted), "program_started")]
[JsonDerivedType(typeof(AgentReady), "agent_ready")]
[JsonDerivedType(typeof(ProgramExited), "program_exited")]
[JsonDerivedType(typeof(BootFailed), "boot_failed")]
public abstract record GuestEvent
{
    /// <summary><see cref="Boot.GuestBootConfig.Boot"/> of the boot that this is about.</summary>
    public long Boot { get; init; }

    /// <summary>By the guest's clock.</summary>
    public DateTimeOffset At { get; init; }
}

/// <summary>The program was started; <see cref="Mode"/> is <c>exec</c>, or <c>systemd</c> when it became PID 1.</summary>
public sealed record ProgramStarted(string Mode) : GuestEvent;

/// <summary>The agent serves its port.</summary>
public sealed record AgentReady : GuestEvent;

/// <summary>The program ended; the guest is about to power off.</summary>
public sealed record ProgramExited(int Code, string Message, bool Oom) : GuestEvent;

/// <summary>Init could not start the program; the guest is about to power off.</summary>
public sealed record BootFailed(string Message) : GuestEvent;
