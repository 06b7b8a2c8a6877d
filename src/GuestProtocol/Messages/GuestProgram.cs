namespace Hypeman.GuestProtocol.Messages;

/// <summary>What the guest's init runs, and how; part of the boot configuration disk.</summary>
public sealed record GuestProgram
{
    /// <summary>Entrypoint and command joined, as docker run would execute them.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    /// <summary>Null or empty means <c>/</c>; made when it does not exist.</summary>
    public string? WorkingDir { get; init; }

    /// <summary><c>user</c>, <c>uid</c>, <c>user:group</c> or <c>uid:gid</c>; null or empty means root.</summary>
    public string? User { get; init; }

    /// <summary>The signal that asks the program to end, for example <c>SIGTERM</c> (the default) or <c>15</c>.</summary>
    public string? StopSignal { get; init; }

    /// <summary>The program is an init system: it becomes PID 1.</summary>
    public bool IsInit { get; init; }
}
