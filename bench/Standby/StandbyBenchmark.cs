using System.Diagnostics;
using Hypeman.Bench.Guests;
using Hypeman.Bench.Reports;
using Hypeman.Client.Images;
using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Hypervisors.Qemu;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Bench.Standby;

/// <summary>
/// The way down: QEMU's own <c>migrate</c> into a file, as its manual has it, against <c>POST standby</c>, for the same guest:
/// until the memory is on the disk and the process is gone. Of ours also the second time, when little has changed.
/// </summary>
internal sealed class StandbyBenchmark(GuestBenchmarkOptions options)
{
    private static readonly int[] Sizes = [256, 1024, 2048];

    public Task<int> RunAsync(CancellationToken cancellationToken) => options.RunAsync(async (guests, image, guest, work) =>
    {
        var rows = new List<Row>();
        foreach (var size in Sizes)
            rows.Add(await CompareAsync(guests, image, guest, work, size, cancellationToken));
        Report.Table(
            "From running until all is saved and the process is gone", ["guest", "raw QEMU ms", "MiB", "first ms", "MiB", "again ms", "MiB"],
            rows.Select(row => (string[])
            [
                $"{row.Size} MiB", Figures.Text(row.Raw.Median), Figures.Mib(row.RawBytes), Figures.Text(row.First.Median), Figures.Mib(row.FirstBytes),
                Figures.Text(row.Again.Median), Figures.Mib(row.AgainBytes),
            ]));
        Report.Line(
            ("ratio", rows.Average(row => row.First.Median / row.Raw.Median)), ("second_ratio", rows.Average(row => row.Again.Median / row.Raw.Median)),
            ("second_bytes_share", rows.Max(row => (double)row.AgainBytes / row.FirstBytes)), ("runs", options.Runs));
    }, cancellationToken);

    private async Task<Row> CompareAsync(
        BenchGuests guests, Image image, GuestSystemFiles guest, string work, int size, CancellationToken cancellationToken)
    {
        var (raw, first, again) = (new List<double>(), new List<double>(), new List<double>());
        var (rawBytes, firstBytes, againBytes) = (0L, 0L, 0L);
        for (var run = 1; run <= options.Runs; run++)
        {
            var instance = await guests.RunAsync(image.Name, size, cancellationToken);
            var (milliseconds, bytes) = await OursAsync(guests, instance.Id, cancellationToken);
            first.Add(milliseconds);
            firstBytes = bytes;
            var folder = Path.Combine(work, $"raw-{size}-{run}");
            var machine = RawMachine.CopyOf(guests.Data, instance.Id, guest, guests.RootOf(image), folder);
            await guests.Client.Instances.RestoreAsync(instance.Id, cancellationToken);
            (milliseconds, againBytes) = await OursAsync(guests, instance.Id, cancellationToken);
            again.Add(milliseconds);
            (milliseconds, rawBytes) = await RawAsync(machine, Path.Combine(folder, "stream"), cancellationToken);
            raw.Add(milliseconds);
            Directory.Delete(folder, recursive: true);
            await guests.Client.Instances.DeleteAsync(instance.Id, cancellationToken);
            await Console.Error.WriteLineAsync(
                $"{size} MiB, run {run} of {options.Runs}: raw QEMU {Figures.Text(raw[^1])} ms, "
                + $"first {Figures.Text(first[^1])} ms, again {Figures.Text(again[^1])} ms");
        }
        return new Row(size, new Figures(raw), rawBytes, new Figures(first), firstBytes, new Figures(again), againBytes);
    }

    private static async Task<(double Milliseconds, long Bytes)> OursAsync(BenchGuests guests, string id, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        await guests.Client.Instances.StandbyAsync(id, cancellationToken);
        var took = clock.Elapsed.TotalMilliseconds;
        return (took, VmLedger.Read(guests.Data.Vm(id).LedgerFile)!.Saved!.WrittenBytes);
    }

    private static async Task<(double Milliseconds, long Bytes)> RawAsync(RawMachine machine, string file, CancellationToken cancellationToken)
    {
        await using var start = machine.Prepare();
        await start.RunAsync(cancellationToken);
        await using var control = await RawControl.OpenAsync(start.ControlSocket, cancellationToken);
        var clock = Stopwatch.StartNew();
        await control.MigrateAsync(file, cancellationToken);
        await control.QuitAsync(cancellationToken);
        await start.Process.Exited.WaitAsync(cancellationToken);
        using (var saved = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite))
            RandomAccess.FlushToDisk(saved);
        return (clock.Elapsed.TotalMilliseconds, new FileInfo(file).Length);
    }

    private sealed record Row(int Size, Figures Raw, long RawBytes, Figures First, long FirstBytes, Figures Again, long AgainBytes);
}
