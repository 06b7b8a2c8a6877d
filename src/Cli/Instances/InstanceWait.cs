using Hypeman.Cli.Invocation;
using Hypeman.Client.Instances;

namespace Hypeman.Cli.Instances;

/// <summary>Waits for an instance to get somewhere.</summary>
internal static class InstanceWait
{
    /// <summary>One request waits at most this long: proxies between us and the server cut longer ones.</summary>
    private static readonly TimeSpan PerRequest = TimeSpan.FromSeconds(30);

    /// <summary>Returns when the state is reached, when the instance got stuck elsewhere, or when the time is up.</summary>
    public static Task<WaitResult> UntilAsync(
        Run run, string instance, string state, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var until = run.Host.Time.GetUtcNow() + timeout;
        return run.Print.WhileAsync($"Waiting until {instance} is {state}", async say =>
        {
            while (true)
            {
                var left = until - run.Host.Time.GetUtcNow();
                var result = await run.Fleet.Instances.WaitAsync(
                    instance, state, left < PerRequest ? left : PerRequest, cancellationToken);
                if (!result.TimedOut || run.Host.Time.GetUtcNow() >= until)
                    return result;
                say($"Waiting until {instance} is {state} (now {result.State})");
            }
        });
    }

    /// <exception cref="CliException">It ended before it ran, or the time is up.</exception>
    public static async Task UntilRunningAsync(Run run, string instance, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var result = await UntilAsync(run, instance, "Running", timeout, cancellationToken);
        if (result.State == "Running")
            return;
        var now = await run.Fleet.Instances.GetAsync(instance, cancellationToken);
        var why = now.ExitCode is { } code ? $", its program ended with {code} ({now.ExitMessage})" : now.StateError is { } error ? $": {error}" : "";
        throw new CliException(
            $"{instance} is {now.State}, not Running{why}.", $"'hypeman logs {instance}' shows what it said.",
            result.TimedOut ? ExitCode.TimedOut : ExitCode.Failed);
    }
}
