using System.Diagnostics;
using System.Globalization;
using Hypeman.Bench.Guests;
using Hypeman.Bench.Reports;
using Hypeman.Client.Images;
using Hypeman.Client.Instances;
using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Bench.Fork;

/// <summary>
/// Forks of one running guest, all ordered at once, until each agent answers, against as many boots of the same guest. And what
/// a fork takes that it does not share: memory of its process, and disk.
/// </summary>
internal sealed class ForkBenchmark(GuestBenchmarkOptions options)
{
    private const int MemoryMegabytes = 512;

    private static readonly int[] Counts = [1, 10, 25];

    public Task<int> RunAsync(CancellationToken cancellationToken) => options.RunAsync(async (guests, image, _, _) =>
    {
        var source = await guests.RunAsync(image.Name, MemoryMegabytes, cancellationToken);
        await DeleteAsync(guests, await ForkAsync(guests, source.Id, 1, cancellationToken)); // The first of each is thrown away.
        var rows = new List<Row>();
        foreach (var count in Counts)
        {
            var clock = Stopwatch.StartNew();
            var forks = await ForkAsync(guests, source.Id, count, cancellationToken);
            var forked = clock.Elapsed.TotalMilliseconds;
            var (memory, disk) = (forks.Average(fork => PrivateBytes(guests, fork.Id)), forks.Average(fork => DiskBytes(guests, fork.Id)));
            await DeleteAsync(guests, forks);
            await Console.Error.WriteLineAsync($"{count} forks: {Figures.Text(forked)} ms; booting {count}");

            clock.Restart();
            var booted = await BootAsync(guests, image, count, cancellationToken);
            var booting = clock.Elapsed.TotalMilliseconds;
            await DeleteAsync(guests, booted);
            rows.Add(new Row(count, forked, booting, memory, disk));
        }
        await guests.Client.Instances.DeleteAsync(source.Id, cancellationToken);
        Report.Table(
            $"From one running guest of {MemoryMegabytes} MiB until each agent answers",
            ["", "forks ms", "boots ms", "ratio", "memory MiB a fork", "disk MiB a fork"], rows.Select(row => (string[])
            [
                row.Count.ToString(CultureInfo.InvariantCulture), Figures.Text(row.Forked), Figures.Text(row.Booted),
                (row.Forked / row.Booted).ToString("0.00", CultureInfo.InvariantCulture), Figures.Mib(row.Memory), Figures.Mib(row.Disk),
            ]));
        var ten = rows.Single(row => row.Count == 10);
        Report.Line(
            ("fork_ms_10", ten.Forked), ("private_share", ten.Memory / (MemoryMegabytes << 20)), ("boot_ratio", ten.Forked / ten.Booted),
            ("fork_ms_1", rows[0].Forked), ("fork_ms_25", rows[^1].Forked));
    }, cancellationToken);

    private static Task<Instance[]> ForkAsync(BenchGuests guests, string source, int count, CancellationToken cancellationToken) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(_ =>
            guests.Client.Instances.ForkAsync(source, new ForkInstance(guests.NewName(), FromRunning: true), cancellationToken)));

    /// <summary>No more at once than keep all processors busy: what is emulated on a crowded host misses its timers, and gives up.</summary>
    private static async Task<Instance[]> BootAsync(BenchGuests guests, Image image, int count, CancellationToken cancellationToken)
    {
        using var free = new SemaphoreSlim(2 * Environment.ProcessorCount);
        return await Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
        {
            await free.WaitAsync(cancellationToken);
            try
            {
                return await guests.RunAsync(image.Name, MemoryMegabytes, cancellationToken);
            }
            finally
            {
                free.Release();
            }
        }));
    }

    private static Task DeleteAsync(BenchGuests guests, IEnumerable<Instance> instances) =>
        Task.WhenAll(instances.Select(instance => guests.Client.Instances.DeleteAsync(instance.Id, CancellationToken.None)));

    /// <summary>Of its whole process: what no other process has.</summary>
    private static double PrivateBytes(BenchGuests guests, string id)
    {
        var process = VmLedger.Read(guests.Data.Vm(id).LedgerFile)!.Process!.Value;
        return File.ReadLines($"/proc/{process.Pid}/smaps_rollup")
            .Where(line => line.StartsWith("Private_", StringComparison.Ordinal))
            .Sum(line => double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024);
    }

    private static double DiskBytes(BenchGuests guests, string id) => Directory
        .EnumerateFiles(guests.Data.Vm(id).Directory, "*", SearchOption.AllDirectories).Sum(OverlayDisks.UsedBytes);

    private sealed record Row(int Count, double Forked, double Booted, double Memory, double Disk);
}
