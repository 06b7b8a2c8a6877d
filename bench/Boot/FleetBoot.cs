using System.Diagnostics;
using Hypeman.Client;
using Hypeman.Client.Instances;
using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.Bench.Boot;

/// <summary>One boot as a user sees it: from <c>POST /instances</c> until it is Running and its program has spoken.</summary>
internal sealed class FleetBoot(HypemanClient client, DataLayout data, string image)
{
    public const int MemoryMegabytes = 256;
    public const long OverlayBytes = 1L << 30;

    private static readonly string[] Shell = ["/bin/sh", "-c"];
    private static readonly string[] Program = [$"echo {FirstWord.Text}; exec sleep 1000000"];

    private int _number;

    /// <param name="keep">Called before the instance is deleted, with its folder.</param>
    /// <returns>Milliseconds, and the lines of the operations log that say where they went.</returns>
    public async Task<(double Milliseconds, IReadOnlyList<string> Trail)> RunAsync(
        Action<VmLayout>? keep, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var instance = await client.Instances.CreateAsync(new CreateInstance
        {
            Name = $"bench-{Environment.ProcessId}-{_number++}",
            Image = image,
            Size = $"{MemoryMegabytes}MB",
            OverlaySize = "1GB",
            Vcpus = 1,
            Entrypoint = Shell,
            Cmd = Program,
        }, cancellationToken);
        try
        {
            var accepted = clock.Elapsed.TotalMilliseconds;
            var vm = data.Vm(instance.Id);
            await RunningAsync(instance.Id, cancellationToken);
            await FirstWord.HeardAsync(vm.ConsoleLog, cancellationToken);
            var took = clock.Elapsed.TotalMilliseconds;
            keep?.Invoke(vm);
            return (took, [$"answer: {accepted:0.0} ms", .. await File.ReadAllLinesAsync(vm.OperationsLog, cancellationToken)]);
        }
        finally
        {
            await client.Instances.DeleteAsync(instance.Id, CancellationToken.None);
        }
    }

    private async Task RunningAsync(string id, CancellationToken cancellationToken)
    {
        var outcome = await client.Instances.WaitAsync(id, "Running", TimeSpan.FromMinutes(2), cancellationToken);
        if (outcome.State != "Running")
            throw new InvalidOperationException($"The instance is {outcome.State}, not Running: {outcome.StateError}");
    }
}
