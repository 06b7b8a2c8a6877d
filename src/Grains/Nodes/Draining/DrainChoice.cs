using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Nodes;
using Hypeman.Contracts.Snapshots;

namespace Hypeman.Grains.Nodes.Draining;

/// <summary>Picks what sets out next, until as many move as may.</summary>
internal sealed class DrainChoice(DrainRound round, int atOnce)
{
    private readonly HashSet<string> _moving = [.. round.Moving.Select(move => move.Id)];
    private bool _waits;

    public List<DrainMove> Chosen { get; } = [];

    /// <summary>Something moves, sets out, or is waited for.</summary>
    public bool IsBusy => _waits || round.Moving.Count + Chosen.Count > 0;

    public async Task TakeAsync(
        DrainKind kind, string id, string name, DrainVerdict verdict, DrainFailures failures, Func<bool, Task<NodeInfo>> target)
    {
        if (_moving.Contains(id))
            return;
        var reason = verdict.Does == DrainVerdict.Deed.Leave ? verdict.Reason : failures.WhyNot(id);
        if (reason is null && (verdict.Does == DrainVerdict.Deed.Wait || round.Moving.Count + Chosen.Count >= atOnce))
        {
            _waits = true;
            return;
        }
        try
        {
            if (reason is null)
            {
                var to = await target(verdict.Restart);
                Chosen.Add(new DrainMove { Kind = kind, Id = id, Name = name, Target = to.Id, Restart = verdict.Restart, Suspend = verdict.Suspend });
                failures.HasTarget();
            }
        }
        catch (HypemanException none)
        {
            reason = none.Message;
            _waits |= failures.MayPass(id, none);
        }
        if (reason is not null)
            round.Left.Add(new DrainLeft { Kind = kind, Id = id, Name = name, Reason = reason });
    }

    /// <summary>A snapshot need not have one.</summary>
    public static string NameOf(SnapshotInfo snapshot) => $"{snapshot.SourceName}/{snapshot.Spec.Name ?? snapshot.Id}";
}
