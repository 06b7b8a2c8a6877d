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
        var lines = await FoundAsync(() => ValueTask.FromResult(
            vms.ReadLogAsync(id, log, query.Tail, query.Follow, cancellationToken)));
        await using var batches = lines.GetAsyncEnumerator(cancellationToken);
        while (await FoundAsync(batches.MoveNextAsync))
            yield return new LogLines(batches.Current);
    }

    private static async ValueTask<T> FoundAsync<T>(Func<ValueTask<T>> read)
    {
        try
        {
            return await read();
        }
        catch (NodeException missing) when (missing.Kind == NodeErrorKind.NotFound)
        {
            throw new HypemanException(ErrorKind.NotFound, "log_not_found", missing.Message, missing.Detail);
        }
    }
}
