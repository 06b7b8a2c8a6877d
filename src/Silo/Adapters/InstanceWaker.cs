using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Ingress.Waking;

namespace Hypeman.Silo.Adapters;

/// <summary>The ingress' way to have an instance run: by its grain, which does what is asked of it once, however many ask.</summary>
internal sealed class InstanceWaker(IGrainFactory grains, TimeProvider time) : IInstanceWaker
{
    public async Task WakeAsync(string instanceId, bool fromStopped, CancellationToken cancellationToken)
    {
        var instance = grains.Instance(instanceId);
        while (true)
        {
            try
            {
                if (await AdvanceAsync(instance, fromStopped, cancellationToken))
                    return;
            }
            catch (HypemanException refused) when (refused.Kind == ErrorKind.NotFound)
            {
                throw new WakeFailedException("it was deleted", mayPass: false);
            }
            catch (HypemanException refused) when (refused.Code != "invalid_state")
            {
                throw Failed(refused.Kind, refused.Message);
            }
            catch (Exception interrupted) when (interrupted is HypemanException || interrupted.IsInterruption())
            {
                // Somebody else was faster, or its grain has moved.
                await Task.Delay(Interruption.Pause, time, cancellationToken);
            }
        }
    }

    /// <summary>Whether it runs; else something of it came to an end, and it is to be looked at again.</summary>
    private static async Task<bool> AdvanceAsync(IInstanceGrain instance, bool fromStopped, CancellationToken cancellationToken)
    {
        var info = await instance.GetAsync();
        if (info.Operation == "delete")
            throw new WakeFailedException("it is being deleted", mayPass: false);
        var begun = info.Operation is null ? await BeginAsync(instance, info, fromStopped) : info;
        if (begun is null)
            return true;
        if (begun is { Operation: null, Phase: InstancePhase.Created or InstancePhase.Paused or InstancePhase.Shutdown })
        {
            await instance.WatchAsync(cancellationToken).FirstOrDefaultAsync(now => now.Phase != begun.Phase || now.Operation is not null, cancellationToken);
            return false;
        }
        // What runs, or is on the way to that, is waited for; anything else is only to come to its end.
        var goal = begun is { Operation: "restore" or "start" or "create" or "fork" } or { Phase: InstancePhase.Initializing }
            ? InstanceGoal.Restore
            : InstanceGoal.Standby;
        var last = await instance.FollowAsync(goal, cancellationToken).LastOrDefaultAsync(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return goal == InstanceGoal.Restore && last?.Failure is { } failure && last.Phase != InstancePhase.Running
            ? throw Failed(failure.Kind, failure.Message)
            : last?.Phase == InstancePhase.Running && last.Operation is null;
    }

    /// <summary>What it is then; null when it runs already.</summary>
    private static async Task<InstanceInfo?> BeginAsync(IInstanceGrain instance, InstanceInfo info, bool fromStopped) => info.Phase switch
    {
        InstancePhase.Running => null,
        InstancePhase.Standby => await instance.RestoreAsync(),
        InstancePhase.Stopped when fromStopped => await instance.StartAsync(new InstanceStartSpec()),
        InstancePhase.Stopped => throw new WakeFailedException("it is stopped", mayPass: false),
        InstancePhase.Unknown => throw new WakeFailedException(info.StateError ?? "its state is not known", mayPass: true),
        InstancePhase.Created or InstancePhase.Initializing or InstancePhase.Paused or InstancePhase.Shutdown => info,
    };

    private static WakeFailedException Failed(ErrorKind kind, string message) =>
        new(message, mayPass: kind is ErrorKind.Unavailable or ErrorKind.InsufficientResources or ErrorKind.TimedOut);
}
