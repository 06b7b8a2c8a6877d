using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.Chaos.Workload;

/// <summary>
/// Looks at the anchors without end: at each through both control processes, and at its page through every ingress. What
/// they see of nodes that nothing is wrong with must always be right.
/// </summary>
internal sealed class Probes(ManyHosts fleet, IReadOnlyList<Anchor> anchors, Caller caller, Situation situation)
{
    private static readonly TimeSpan BetweenCalls = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BetweenPages = TimeSpan.FromMilliseconds(250);

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(
    [
        .. from anchor in anchors from gateway in fleet.Controls select LookAsync(anchor, gateway, cancellationToken),
        .. from anchor in anchors from ingress in fleet.Nodes select FetchAsync(anchor, ingress, cancellationToken),
    ]);

    private async Task LookAsync(Anchor anchor, string gateway, CancellationToken cancellationToken)
    {
        while (true)
        {
            var broken = situation.Broken;
            var call = await caller.SendAsync(
                HttpMethod.Get, $"/instances/{anchor.Id}", null, gateway, anchor.Member, anyNode: false, cancellationToken);
            var state = call.IsSuccess ? call.Body.GetProperty("state").GetString() : null;
            if (call.IsSuccess && broken is not null && broken.Fault.Affects(anchor.Member) && broken == situation.Broken)
                broken.AnsweredNow(situation.Time.GetTimestamp());
            if ((call.Status == 404 || state is not (null or "Running")) && !MayBeAway(anchor.Member, broken))
                situation.Violated($"the instance that nobody touches is {state ?? "gone"}: {call}");
            await Task.Delay(BetweenCalls, situation.Time, cancellationToken);
        }
    }

    private async Task FetchAsync(Anchor anchor, string ingress, CancellationToken cancellationToken)
    {
        while (true)
        {
            var before = situation.Broken;
            var wrong = await anchor.FetchAsync(fleet, ingress, cancellationToken);
            situation.Count(refused: wrong is not null);
            if (wrong is not null && !MayBeAway(anchor.Member, before) && !MayBeAway(ingress, before))
                situation.Violated($"the page of {anchor.Member} through the ingress of {ingress}: {wrong}");
            await Task.Delay(BetweenPages, situation.Time, cancellationToken);
        }
    }

    private bool MayBeAway(string member, Broken? before) =>
        before?.Fault.Affects(member) == true || situation.Broken?.Fault.Affects(member) == true;
}
