namespace Hypeman.Tests.Testing;

/// <summary>Level-triggered waits for what offers no signal. They are bounded and say what they waited for.</summary>
public static class Until
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    public static Task True(Func<bool> condition, TimeSpan timeout, string what) =>
        True(() => Task.FromResult(condition()), timeout, what);

    /// <exception cref="TimeoutException">The condition did not hold within the timeout.</exception>
    public static async Task True(Func<Task<bool>> condition, TimeSpan timeout, string what)
    {
        using var deadline = new CancellationTokenSource(timeout);
        while (!await condition())
        {
            if (deadline.IsCancellationRequested)
                throw new TimeoutException($"Waited {timeout.TotalSeconds:0.#} s in vain until {what}.");
            await Task.Delay(Step, CancellationToken.None);
        }
    }
}
