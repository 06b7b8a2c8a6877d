using Hypeman.Contracts.Errors;

namespace Hypeman.Gateway.Requests;

/// <summary>
/// Follows a grain until something is so. It may move or its silo fail meanwhile: then it is asked anew, and as it begins
/// with the present info nothing is missed.
/// </summary>
internal sealed class GrainWatch(TimeProvider clock)
{
    /// <param name="watch">Begins to watch.</param>
    /// <param name="satisfies">Whether an info is what is waited for.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public async Task<Followed<TInfo>> UntilAsync<TInfo>(
        Func<IAsyncEnumerable<TInfo>> watch, Func<TInfo, bool> satisfies, CancellationToken cancellationToken)
        where TInfo : class
    {
        TInfo? last = null;
        while (true)
        {
            try
            {
                await foreach (var info in watch().WithCancellation(cancellationToken))
                    if (satisfies(last = info))
                        return new Followed<TInfo>(last, IsGone: false);
                cancellationToken.ThrowIfCancellationRequested();
                return new Followed<TInfo>(last, IsGone: true);
            }
            catch (HypemanException exception) when (exception.Kind == ErrorKind.NotFound)
            {
                return new Followed<TInfo>(last, IsGone: true);
            }
            catch (Exception exception) when (exception.IsInterruption())
            {
                await Task.Delay(Interruption.Pause, clock, cancellationToken);
            }
        }
    }
}

/// <summary>How following something ended: with the info that satisfied, or with the last one before it was gone.</summary>
internal readonly record struct Followed<TInfo>(TInfo? Last, bool IsGone)
    where TInfo : class;
