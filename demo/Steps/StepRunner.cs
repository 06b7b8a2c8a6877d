using Hypeman.Client.Http;

namespace Hypeman.Demo.Steps;

/// <summary>
/// Does steps in order until one fails, then undoes what was done, last first, whatever happened: also after Ctrl-C,
/// and also when one of the undo steps fails.
/// </summary>
internal sealed class StepRunner(TimeProvider time)
{
    private static readonly TimeSpan UndoTime = TimeSpan.FromSeconds(45);
    private readonly Stack<Func<CancellationToken, Task>> _undo = new();

    /// <summary>Remembers how to take back what a step made.</summary>
    public void Undo(Func<CancellationToken, Task> action) => _undo.Push(action);

    /// <summary>True when every step succeeded and everything was taken back.</summary>
    public async Task<bool> RunAsync(IReadOnlyList<Step> steps, IStepProgress progress, CancellationToken cancellationToken)
    {
        var succeeded = false;
        var clean = false;
        try
        {
            succeeded = await AllAsync(steps, progress, cancellationToken);
        }
        finally
        {
            clean = await DoAsync(new Step("Clean up", async (_, _) => await TakeBackAsync()), progress, CancellationToken.None);
        }
        return succeeded && clean;
    }

    private async Task<bool> AllAsync(IReadOnlyList<Step> steps, IStepProgress progress, CancellationToken cancellationToken)
    {
        foreach (var step in steps)
            if (!await DoAsync(step, progress, cancellationToken))
                return false;
        return true;
    }

    private async Task<bool> DoAsync(Step step, IStepProgress progress, CancellationToken cancellationToken)
    {
        var from = time.GetTimestamp();
        progress.Started(step.Name);
        try
        {
            var outcome = await step.Action(text => progress.Said(step.Name, text), cancellationToken);
            progress.Ended(new StepResult(step.Name, time.GetElapsedTime(from), outcome, true));
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            progress.Ended(new StepResult(step.Name, time.GetElapsedTime(from), "interrupted", false));
        }
        catch (Exception e) when (IsExpected(e))
        {
            progress.Ended(new StepResult(step.Name, time.GetElapsedTime(from), e.Message, false));
        }
        return false;
    }

    private async Task<string> TakeBackAsync()
    {
        using var deadline = new CancellationTokenSource(UndoTime, time);
        var failures = new List<string>();
        while (_undo.TryPop(out var action))
        {
            try
            {
                await action(deadline.Token);
            }
            catch (Exception e) when (IsExpected(e) || e is OperationCanceledException)
            {
                failures.Add(e.Message);
            }
        }
        return failures.Count == 0 ? "all that it made is gone" : throw new DemoException("left behind: " + string.Join("; ", failures));
    }

    private static bool IsExpected(Exception e) =>
        e is ApiException or UnreachableException or DemoException or IOException or InvalidDataException or HttpRequestException
            or TimeoutException or UnauthorizedAccessException;
}

/// <summary>A step that did not go as it should; the message says what to do.</summary>
internal sealed class DemoException(string message) : Exception(message);
