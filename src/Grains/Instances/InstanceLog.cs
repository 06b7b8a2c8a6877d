using System.Runtime.CompilerServices;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Grains.Instances;

/// <summary>The logs of an instance, as its node keeps them.</summary>
internal static class InstanceLog
{
    /// <exception cref="HypemanException"><c>log_not_found</c> while there is no such log.</exception>
    public static async IAsyncEnumerable<LogLines> ReadAsync(
        IVmHost vms, string id, LogQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var log = query.Source switch
        {
            LogSource.App => VmLog.Console,
            LogSource.Vmm => VmLog.Vmm,
            LogSource.Hypeman => VmLog.Operations,
        };
        await using var batches = vms.ReadLogAsync(id, log, query.Tail, query.Follow, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(batches))
            yield return new LogLines(batches.Current);
    }

    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<IReadOnlyList<string>> batches)
    {
        try
        {
            return await batches.MoveNextAsync();
        }
        catch (NodeException missing) when (missing.Kind == NodeErrorKind.NotFound)
        {
            throw new HypemanException(ErrorKind.NotFound, "log_not_found", missing.Message, missing.Detail);
        }
    }
}
