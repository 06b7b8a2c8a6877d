using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.Chaos.Faults;

/// <summary>
/// The clock of one process is an hour ahead or behind, by a step while it runs; that process was started with
/// <see cref="Environment"/>.
/// </summary>
internal sealed class ClockFault(string member, bool ahead, TimeSpan stay) : Fault
{
    private const string Library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

    public override string Name => $"step the clock of {member} {(ahead ? "an hour ahead" : "back an hour")}";
    public override string Kind => "clock";
    public override IReadOnlySet<string> Affected { get; } = new HashSet<string>();
    public override TimeSpan Stay => stay;

    /// <summary>What a process needs so that its clock can be stepped. Timers run on another clock, which goes on.</summary>
    public static IReadOnlyDictionary<string, string> Environment(ManyHosts fleet, string member) => new Dictionary<string, string>
    {
        ["LD_PRELOAD"] = Library,
        ["FAKETIME_TIMESTAMP_FILE"] = FileOf(fleet, member),
        ["FAKETIME_CACHE_DURATION"] = "1",
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
    };

    public static void Set(ManyHosts fleet, string member, string offset) => File.WriteAllText(FileOf(fleet, member), offset + "\n");

    public override Task BreakAsync(ManyHosts fleet, CancellationToken cancellationToken)
    {
        Set(fleet, member, ahead ? "+1h" : "-1h");
        return Task.CompletedTask;
    }

    public override Task MendAsync(ManyHosts fleet, CancellationToken cancellationToken)
    {
        Set(fleet, member, "+0");
        return Task.CompletedTask;
    }

    private static string FileOf(ManyHosts fleet, string member) => Path.Combine(fleet.DataOf(member), "clock");
}
