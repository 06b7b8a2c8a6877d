using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Microsoft.Extensions.Options;

namespace Hypeman.Gateway.Instances;

/// <summary>
/// Makes calls of what grains do in the background: begins an operation, follows the instance until the outcome,
/// and answers with that.
/// </summary>
internal sealed class InstanceOperations(
    IGrainFactory grains, InstanceWatch watch, TimeProvider clock, IOptions<GatewayOptions> options)
{
    /// <summary>Returns when the VM boots. When it does not come to that, nothing of the instance is left.</summary>
    public async Task<InstanceInfo> CreateAsync(InstanceSpec spec, CancellationToken cancellationToken)
    {
        var begun = await Creating(grains.InstanceFactory().CreateAsync(spec));
        var outcome = await OutcomeAsync(begun, InstanceProgress.OfBoot, "create", cancellationToken)
            ?? throw Failure("create", begun);
        if (InstanceProgress.OfBoot(outcome) == Progress.Done)
            return outcome;
        await grains.Instance(outcome.Id).DeleteAsync(graceful: false);
        throw Failure("create", outcome);
    }

    public async Task<InstanceInfo> StartAsync(string id, InstanceStartSpec spec, CancellationToken cancellationToken)
    {
        var begun = await grains.Instance(id).StartAsync(spec);
        return await SettledAsync(begun, InstanceProgress.OfBoot, "start", cancellationToken);
    }

    public async Task<InstanceInfo> StopAsync(string id, CancellationToken cancellationToken)
    {
        var begun = await grains.Instance(id).StopAsync();
        return await SettledAsync(begun, InstanceProgress.OfStop, "stop", cancellationToken);
    }

    /// <summary>Returns when nothing of the instance is left.</summary>
    public async Task DeleteAsync(string id, bool graceful, CancellationToken cancellationToken)
    {
        var instance = grains.Instance(id);
        var present = await instance.GetAsync();
        await instance.DeleteAsync(graceful);
        if (await OutcomeAsync(present, InstanceProgress.OfDelete, "delete", cancellationToken) is { } left)
            throw Failure("delete", left);
    }

    private async Task<InstanceInfo> SettledAsync(
        InstanceInfo begun, Func<InstanceInfo, Progress> progressOf, string verb, CancellationToken cancellationToken)
    {
        var outcome = await OutcomeAsync(begun, progressOf, verb, cancellationToken) ?? throw HypemanException.NotFound();
        return progressOf(outcome) == Progress.Done ? outcome : throw Failure(verb, outcome);
    }

    /// <summary>The info that is no longer pending, or null when the instance is gone.</summary>
    private async Task<InstanceInfo?> OutcomeAsync(
        InstanceInfo begun, Func<InstanceInfo, Progress> progressOf, string verb, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(options.Value.OperationTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await watch.UntilAsync(begun.Id, info => progressOf(info) != Progress.Pending, either.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new HypemanException(ErrorKind.TimedOut, "timeout",
                $"{verb} of instance {begun.Id} goes on, but took longer than {options.Value.OperationTimeout.TotalSeconds:0} s");
        }
    }

    private static HypemanException Failure(string verb, InstanceInfo outcome) => new(
        ErrorKind.Internal, "internal_error",
        outcome.StateError ?? $"{verb} of instance {outcome.Id} failed: its state is {outcome.Phase}");

    /// <summary>A name that is taken is a conflict everywhere but here, where the contract calls it bad input.</summary>
    private static async Task<InstanceInfo> Creating(Task<InstanceInfo> create)
    {
        try
        {
            return await create;
        }
        catch (HypemanException exception) when (exception.Code is "name_conflict" or "already_exists")
        {
            throw HypemanException.Invalid(exception.Code, exception.Message);
        }
    }
}
