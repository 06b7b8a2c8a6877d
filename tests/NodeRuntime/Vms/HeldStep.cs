namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>Holds the orders of some VMs before one step, as if the process came to its end there.</summary>
internal sealed class HeldStep(TestVms vms, string held)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal static HeldStep On(TestVms vms, string step)
    {
        var made = new HeldStep(vms, step);
        vms.BeforeStep = made.BeforeAsync;
        return made;
    }

    internal Task ReachedAsync() => _reached.Task.WaitAsync(Patience);

    internal async Task RestartManagerAsync()
    {
        vms.BeforeStep = (_, _, _) => Task.CompletedTask;
        await vms.RestartAsync();
    }

    private async Task BeforeAsync(string id, string step, CancellationToken cancellationToken)
    {
        if (step != held)
            return;
        _reached.TrySetResult();
        await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
    }
}
