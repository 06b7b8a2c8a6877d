using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.Chaos.Faults;

/// <summary>
/// The clock of one process is an hour ahead or behind, by a step while it runs. For that it is started anew with a library
/// before its C library, and afterwards once more without: it makes all waiting dear.
/// </summary>
internal sealed class ClockFault(string member, bool ahead, TimeSpan stay) : Fault
{
    private const string Library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

    public override string Name => $"step the clock of {member} {(ahead ? "an hour ahead" : "back an hour")}";
    public override string Kind => "clock";
    public override IReadOnlySet<string> Affected { get; } = new HashSet<string> { member };
    public override TimeSpan Stay => stay;

    // Timers run on another clock, which goes on.
    private static Dictionary<string, string> Environment(ManyHosts fleet, string member) => new()
    {
        ["LD_PRELOAD"] = Library,
        ["FAKETIME_TIMESTAMP_FILE"] = FileOf(fleet, member),
        ["FAKETIME_CACHE_DURATION"] = "1",
        ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
    };

    private static void Set(ManyHosts fleet, string member, string offset) => File.WriteAllText(FileOf(fleet, member), offset + "\n");

    public override async Task BreakAsync(ManyHosts fleet, CancellationToken cancellationToken)
    {
        Set(fleet, member, "+0");
        await fleet.StopAsync(member, cancellationToken);
        await fleet.StartAsync(member, Environment(fleet, member), cancellationToken);
        Set(fleet, member, ahead ? "+1h" : "-1h");
    }

    public override async Task MendAsync(ManyHosts fleet, CancellationToken cancellationToken)
    {
        Set(fleet, member, "+0");
        await fleet.StopAsync(member, cancellationToken);
        await fleet.StartAsync(member, cancellationToken);
    }

    private static string FileOf(ManyHosts fleet, string member) => Path.Combine(fleet.DataOf(member), "clock");
}
