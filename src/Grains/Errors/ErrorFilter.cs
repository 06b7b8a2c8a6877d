using System.Data.Common;
using Hypeman.Contracts.Errors;
using Hypeman.NodeRuntime.Errors;
using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Errors;

/// <summary>
/// Lets nothing but <see cref="HypemanException"/> leave our grains: node refusals are translated, a database that is
/// down may come back, everything else is a bug, logged here and answered without its text.
/// </summary>
internal sealed class ErrorFilter(ILogger<ErrorFilter> logger) : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        try
        {
            await context.Invoke();
        }
        catch (Exception error) when (IsOurs(context) && !MayPass(error))
        {
            throw Errors.Expected(error, logger, $"{context.InterfaceName}.{context.MethodName} of {context.TargetId}");
        }
    }

    private static bool IsOurs(IIncomingGrainCallContext context) =>
        context.ImplementationMethod.DeclaringType?.Assembly == typeof(ErrorFilter).Assembly;

    // Orleans acts on its own exceptions; a cancelled call has nobody waiting for words.
    private static bool MayPass(Exception error) =>
        error is HypemanException or Orleans.Runtime.OrleansException or OperationCanceledException;
}

internal static class Errors
{
    /// <summary>Any failure as the one that callers may see.</summary>
    public static HypemanException Expected(Exception error, ILogger logger, string where)
    {
        switch (error)
        {
            case HypemanException expected:
                return expected;
            case NodeException refused:
                return refused.ToHypeman();
            case DbException down:
                logger.LogError(error, "The database failed in {Where}", where);
                return OfDatabase(down);
            default:
                logger.LogError(error, "Unexpected failure in {Where}", where);
                return new HypemanException(ErrorKind.Internal, "internal_error", "internal error", error.Message);
        }
    }

    /// <summary>Whether the same may go well a little later.</summary>
    /// <param name="error">What failed.</param>
    /// <param name="expected">The same as callers see it.</param>
    public static bool MayPass(Exception error, HypemanException expected) =>
        error is NodeException refused ? refused.IsPassing() : expected.Kind == ErrorKind.Unavailable;

    /// <summary>A database that is away, in an exception that can be told to a caller in another process; its own cannot.</summary>
    public static HypemanException OfDatabase(DbException error) =>
        new(ErrorKind.Unavailable, "unavailable", "the database cannot be reached, try again", error.Message);

    /// <summary><see cref="Expected(Exception, ILogger, string)"/> for what fails while it is being enumerated; call filters do not see that.</summary>
    public static async IAsyncEnumerable<T> Expected<T>(
        this IAsyncEnumerable<T> source, ILogger logger, string where,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var items = source.GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            try
            {
                if (!await items.MoveNextAsync())
                    yield break;
            }
            catch (Exception error) when (error is not OperationCanceledException)
            {
                throw Expected(error, logger, where);
            }
            yield return items.Current;
        }
    }
}
