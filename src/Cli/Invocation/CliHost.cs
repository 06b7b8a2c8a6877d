using Microsoft.Win32.SafeHandles;

namespace Hypeman.Cli.Invocation;

/// <summary>All that a run touches outside the fleet: streams, environment, clock. Tests bring their own.</summary>
internal sealed record CliHost
{
    public required TextWriter Out { get; init; }
    public required TextWriter Error { get; init; }
    public required Func<Stream> OpenIn { get; init; }
    public required Stream OutBytes { get; init; }
    public required Func<string, string?> Env { get; init; }
    public required string Home { get; init; }
    public bool InIsTerminal { get; init; }
    public bool OutIsTerminal { get; init; }
    public bool ErrorIsTerminal { get; init; }
    public TimeProvider Time { get; init; } = TimeProvider.System;

    public static CliHost OfThisProcess() => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        OpenIn = OpenStandardInput,
        OutBytes = Console.OpenStandardOutput(),
        Env = Environment.GetEnvironmentVariable,
        Home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile),
        InIsTerminal = !Console.IsInputRedirected,
        OutIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
    };

    /// <summary>Not the console's own stream: at a terminal that one reads lines, with an echo and editing of its own.</summary>
    private static FileStream OpenStandardInput() =>
        new(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0, isAsync: false);
}
