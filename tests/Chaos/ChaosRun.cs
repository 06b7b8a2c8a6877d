using System.Globalization;
using Hypeman.Tests.Chaos.Checks;
using Hypeman.Tests.Chaos.Faults;
using Hypeman.Tests.Chaos.Workload;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Fleets;
using Hypeman.Tests.Testing.Images;
using Hypeman.Tests.Testing.Leaks;

namespace Hypeman.Tests.Chaos;

/// <summary>One run: a fleet with users and probes, and round after round something breaks, is mended, and all is looked at.</summary>
internal sealed class ChaosRun(ChaosOptions options, Action<string> say, TimeProvider time)
{
    private const int Users = 3;
    private static readonly TimeSpan Undisturbed = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan WellAgain = TimeSpan.FromMinutes(3);

    private readonly Situation _situation = new(say, time);
    private readonly List<ChaosRound> _rounds = [];

    public async Task<ChaosReport> RunAsync(CancellationToken cancellationToken)
    {
        _situation.Say($"seed {options.Seed}: starting a fleet of {options.Nodes} nodes");
        var leaks = await LeakCheck.StartAsync();
        var small = $"n{options.Nodes}";
        await using (var fleet = await ManyHosts.StartAsync(options.Nodes, CallRules.WriteLimit * 1.2, cancellationToken, smallDisk: small))
        {
            try
            {
                await RunAsync(fleet, small, cancellationToken);
            }
            finally
            {
                KeepLogs(fleet);
            }
        }
        try
        {
            await leaks.AssertNothingNewAsync();
        }
        catch (InvalidOperationException leaked)
        {
            _situation.Violated(leaked.Message);
        }
        return new ChaosReport(options.Seed, _rounds, _situation.Calls.All, _situation.Violations);
    }

    private async Task RunAsync(ManyHosts fleet, string smallDisk, CancellationToken cancellationToken)
    {
        var image = await PushAsync(fleet, cancellationToken);
        _situation.Say("making one instance on each node that nobody will touch");
        var anchors = new List<Anchor>();
        foreach (var member in fleet.Nodes)
            anchors.Add(await Anchor.MakeAsync(fleet, member, image, cancellationToken));

        var random = new Random(options.Seed);
        var caller = new Caller(fleet, _situation);
        var users = Enumerable.Range(1, Users)
            .Select(at => new User($"user{at}", fleet, caller, _situation, image, new Random(random.Next()))).ToList();
        var deck = new FaultDeck(fleet, random, options.Only, anchors.Select(anchor => anchor.Id).ToHashSet(), smallDisk);
        var check = new FleetCheck(fleet, anchors, users);
        var pause = new Pause(users.Count);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var working = Task.WhenAll(
            [.. users.Select(user => user.RunAsync(pause, ending.Token)), new Probes(fleet, anchors, caller, _situation).RunAsync(ending.Token)]);

        var began = time.GetTimestamp();
        while (time.GetElapsedTime(began) < options.Duration && !working.IsFaulted)
            await RoundAsync(deck.Deal(), fleet, check, pause, cancellationToken);
        await ending.CancelAsync();
        await working.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        if (working.Exception is { } error)
            _situation.Violated($"the run itself failed: {error.InnerException}");
    }

    private async Task RoundAsync(Fault fault, ManyHosts fleet, FleetCheck check, Pause pause, CancellationToken cancellationToken)
    {
        await Task.Delay(Undisturbed, time, cancellationToken);
        var (callsBefore, refusedBefore) = _situation.Calls;
        _situation.Say($"round {_rounds.Count + 1}: {fault.Name}");
        _situation.Break(fault);
        var broken = _situation.Broken!;
        await fault.BreakAsync(fleet, cancellationToken);
        await Task.Delay(fault.Stay, time, cancellationToken);
        var mendingAt = time.GetTimestamp();
        await fault.MendAsync(fleet, cancellationToken);
        var wrong = await ComesToRestAsync(check, pause, cancellationToken);
        foreach (var what in wrong)
            _situation.Violated($"after {fault.Name}: {what}");
        check.Learn();
        var (calls, refused) = _situation.Calls;
        var round = new ChaosRound(
            fault.Kind, fault.Name,
            AnsweredAfter: broken.Answered.IsCompletedSuccessfully ? time.GetElapsedTime(broken.Since, await broken.Answered) : null,
            WellAfter: wrong.Count == 0 ? time.GetElapsedTime(mendingAt) : null,
            calls - callsBefore, refused - refusedBefore, check.Counts.Instances, check.Counts.Vms);
        _rounds.Add(round);
        _situation.Say(round.ToText(CultureInfo.InvariantCulture));
        _situation.Mended();
        pause.End();
    }

    // Users stop for it; the probes go on.
    private async Task<IReadOnlyList<string>> ComesToRestAsync(FleetCheck check, Pause pause, CancellationToken cancellationToken)
    {
        await pause.BeginAsync().WaitAsync(WellAgain, time, cancellationToken);
        IReadOnlyList<string> wrong = [];
        try
        {
            await Until.True(async () => (wrong = await check.LookAsync(cancellationToken)).Count == 0, WellAgain, "all is well");
        }
        catch (TimeoutException)
        {
            // What is still wrong is told.
        }
        return wrong;
    }

    private void KeepLogs(ManyHosts fleet)
    {
        Directory.CreateDirectory(options.Logs);
        foreach (var member in fleet.Controls.Concat(fleet.Nodes))
            File.Copy(Path.Combine(fleet.DataOf(member), "server.log"), Path.Combine(options.Logs, $"{member}.log"), overwrite: true);
        _situation.Say($"the logs of all processes are in {options.Logs}");
    }

    private static async Task<string> PushAsync(ManyHosts fleet, CancellationToken cancellationToken)
    {
        using var folder = new TemporaryFolder();
        OciImageBuilder.Busybox().Cmd("sleep", "1000000").Build().WriteLayout(folder.Path);
        return await fleet.PushAsync("c1", folder.Path, "chaos/busybox:v1", cancellationToken);
    }
}
