using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Records;
using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Nodes.Draining;

/// <summary>
/// The drain of one node, a round at a time. A round looks how those that move are doing, decides on what is still here,
/// writes down what sets out next, and has it set out. All of it is read anew each time, but for what failed and how often.
/// Images go last: what fails to leave may need them.
/// </summary>
internal sealed class NodeDrainer(
    string node, DrainOptions options, NodeRecord record, NodeContents contents, DrainMoves moves, DrainTargets targets,
    GrainClock clock, ILogger logger)
{
    private const int MostAttempts = 3;

    private readonly DrainFailures _failures = new(MostAttempts, options.Patience, clock);

    public async Task RoundAsync(CancellationToken cancellationToken)
    {
        if ((await record.GetAsync(node)).Drain is not { FinishedAt: null } drain)
            return;
        var round = new DrainRound();
        foreach (var move in drain.Moving)
            await FollowAsync(move, drain, round, cancellationToken);
        var next = new List<DrainMove>();
        if (drain.CancelledAt is null)
            next = await ChooseAsync(drain.Running, round, cancellationToken);
        round.Moving.AddRange(next);
        await record.ChangeAsync(node, now => DrainDecision.Went(now, drain.StartedAt, round, clock.Now));
        foreach (var move in next)
            await SendAsync(move);
    }

    private async Task FollowAsync(DrainMove move, NodeDrain drain, DrainRound round, CancellationToken cancellationToken)
    {
        if (drain.CancelledAt is not null)
            await moves.CancelAsync(move);
        var seen = await moves.LookAsync(node, move, cancellationToken);
        switch (seen.State)
        {
            case DrainProgress.Step.UnderWay:
                round.Moving.Add(move);
                break;
            case DrainProgress.Step.Arrived:
                logger.LogInformation("Drain of {Node}: {Kind} {Name} has gone to {Target}", node, move.Kind, move.Name, move.Target);
                round.Arrived.Add(move.Kind);
                break;
            case DrainProgress.Step.Stayed when seen.Error is { } error:
                _failures.Note(move.Id, error);
                break;
        }
    }

    private async Task<List<DrainMove>> ChooseAsync(DrainRunning running, DrainRound round, CancellationToken cancellationToken)
    {
        var chooser = new DrainChoice(round, options.AtOnce);
        foreach (var instance in await contents.InstancesAsync(node, cancellationToken))
            await chooser.TakeAsync(
                DrainKind.Instance, instance.Info.Id, instance.Info.Spec.Name, DrainDecision.Of(instance.Info, running), _failures,
                restart => targets.ForAsync(instance, restart));
        foreach (var snapshot in await contents.SnapshotsAsync(node, cancellationToken))
            await chooser.TakeAsync(
                DrainKind.Snapshot, snapshot.Id, DrainChoice.NameOf(snapshot), DrainDecision.Of(snapshot), _failures, _ => targets.ForAsync(snapshot));
        var images = await contents.ImagesAsync(node, cancellationToken);
        if (!chooser.IsBusy)
            foreach (var image in images)
                await chooser.TakeAsync(
                    DrainKind.Image, image.Name, image.Name, DrainDecision.Of(image), _failures, _ => targets.ForAsync(image));
        round.IsOver = !chooser.IsBusy;
        return chooser.Chosen;
    }

    // What cannot set out is seen to have stayed, in the next round.
    private async Task SendAsync(DrainMove move)
    {
        try
        {
            await moves.BeginAsync(move);
        }
        catch (HypemanException refused) when (refused.Kind != ErrorKind.Unavailable)
        {
            _failures.Note(move.Id, refused.Message);
        }
        catch (Exception error) when (error is HypemanException or OrleansException or TimeoutException)
        {
            logger.LogInformation(error, "Drain of {Node}: {Kind} {Name} cannot set out now", node, move.Kind, move.Name);
        }
    }
}
