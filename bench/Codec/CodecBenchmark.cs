using System.Diagnostics;
using System.Globalization;
using Hypeman.Bench.Guests;
using Hypeman.Bench.Reports;
using Hypeman.Client.Instances;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Memory;
using Hypeman.NodeRuntime.Memory.Compression;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Bench.Codec;

/// <summary>
/// The memory of a real guest, packed and unpacked by us and by the command-line tools, at the same level and with the same
/// number of processors, file to file. lz4's tool has no threads: one copy of it for each processor works on its part of the file.
/// </summary>
internal sealed class CodecBenchmark(GuestBenchmarkOptions options)
{
    private const int MemoryMegabytes = 1024;

    // So that there is something in the memory: the programs of the image, text, and what compresses badly.
    private const string Fill =
        "mkdir -p /m; mount -t tmpfs none /m; cat /bin/busybox /bin/busybox > /m/a; dd if=/dev/urandom of=/m/b bs=1M count=48 2>/dev/null; "
        + "i=0; while [ $i -lt 120000 ]; do echo \"line $i of a log that somebody keeps in memory\"; i=$((i+1)); done > /m/c; cat /m/c /m/c /m/c /m/c > /m/d";

    public Task<int> RunAsync(CancellationToken cancellationToken) => options.RunAsync(async (guests, image, _, work) =>
    {
        var instance = await guests.RunAsync(image.Name, MemoryMegabytes, cancellationToken);
        await FillAsync(guests, instance.Id, cancellationToken);
        await guests.Client.Instances.StandbyAsync(instance.Id, cancellationToken);
        var pages = Path.Combine(work, "pages");
        var found = BaseOf(guests, instance.Id);
        SparseFile.Copy(found.PagesFile, pages, cancellationToken: cancellationToken);
        var digests = found.ReadDigests();
        await guests.Client.Instances.DeleteAsync(instance.Id, cancellationToken);

        List<Row> rows =
        [
            await CompareAsync("zstd 1", new(CompressionAlgorithm.Zstd, 1), Zstd(work, pages), work, pages, digests, cancellationToken),
            await CompareAsync("lz4 0", new(CompressionAlgorithm.Lz4, 0), Lz4(work, pages), work, pages, digests, cancellationToken),
        ];
        var bytes = new FileInfo(pages).Length;
        Report.Table(
            $"A memory of {MemoryMegabytes} MiB, {DataMib(pages)} of them not zero, on {Environment.ProcessorCount} processors: MB/s, and size",
            ["", "ours down", "tool down", "ours up", "tool up", "ours MiB", "tool MiB"], rows.Select(row => (string[])
            [
                row.Name, Speed(bytes, row.Ours.Packing), Speed(bytes, row.Tool.Packing), Speed(bytes, row.Ours.Unpacking), Speed(bytes, row.Tool.Unpacking),
                Figures.Mib(row.OurBytes), Figures.Mib(row.ToolBytes),
            ]));
        Report.Line(
            ("zstd_ratio", rows[0].Tool.Packing / rows[0].Ours.Packing), ("lz4_ratio", rows[1].Tool.Packing / rows[1].Ours.Packing),
            ("zstd_down_ratio", rows[0].Tool.Unpacking / rows[0].Ours.Unpacking), ("lz4_down_ratio", rows[1].Tool.Unpacking / rows[1].Ours.Unpacking),
            ("runs", options.Runs));
    }, cancellationToken);

    private async Task<Row> CompareAsync(
        string name, CompressionSpec spec, Tool tool, string work, string pages, IReadOnlyList<string> digests, CancellationToken cancellationToken)
    {
        var (packed, unpacked) = (Path.Combine(work, "packed"), Path.Combine(work, "unpacked"));
        var times = new List<(double OurPacking, double OurUnpacking, double ToolPacking, double ToolUnpacking)>();
        for (var run = 0; run <= options.Runs; run++)
        {
            var time = (
                Timed(() => Pack(pages, digests, packed, spec)), Timed(() => Unpack(packed, digests, unpacked, new FileInfo(pages).Length)),
                await TimedAsync(() => tool.Pack(cancellationToken)), await TimedAsync(() => tool.Unpack(cancellationToken)));
            if (run > 0)
                times.Add(time); // The first of each is thrown away.
            await Console.Error.WriteLineAsync($"{name}, run {run} of {options.Runs}");
        }
        return new Row(
            name,
            (new Figures([.. times.Select(time => time.OurPacking)]).Median, new Figures([.. times.Select(time => time.OurUnpacking)]).Median),
            (new Figures([.. times.Select(time => time.ToolPacking)]).Median, new Figures([.. times.Select(time => time.ToolUnpacking)]).Median),
            new FileInfo(packed).Length, tool.Packed.Sum(file => new FileInfo(file).Length));
    }

    private static Tool Zstd(string work, string pages)
    {
        var (packed, unpacked) = (Path.Combine(work, "tool.zst"), Path.Combine(work, "tool.out"));
        return new Tool(
            [packed],
            token => Command.RunAsync("zstd", ["-q", "-f", "-1", $"-T{Environment.ProcessorCount}", pages, "-o", packed], token),
            token => Command.RunAsync("zstd", ["-q", "-f", "-d", packed, "-o", unpacked], token));
    }

    private static Tool Lz4(string work, string pages)
    {
        // Its parts are cut before the clock runs.
        var parts = Enumerable.Range(0, Environment.ProcessorCount).Select(part => Path.Combine(work, $"part-{part}")).ToList();
        var each = new FileInfo(pages).Length / parts.Count;
        using (var file = File.OpenRead(pages))
        {
            var buffer = new byte[each];
            foreach (var part in parts)
            {
                file.ReadExactly(buffer);
                File.WriteAllBytes(part, buffer);
            }
        }
        return new Tool(
            [.. parts.Select(part => part + ".lz4")],
            token => Task.WhenAll(parts.Select(part => Command.RunAsync("lz4", ["-q", "-f", "-1", part, part + ".lz4"], token))),
            token => Task.WhenAll(parts.Select(part => Command.RunAsync("lz4", ["-q", "-f", "-d", part + ".lz4", part + ".out"], token))));
    }

    private static void Pack(string pages, IReadOnlyList<string> digests, string packed, CompressionSpec spec)
    {
        using var from = File.OpenHandle(pages);
        using var into = File.OpenHandle(packed, FileMode.Create, FileAccess.ReadWrite);
        CompressedPages.Write(from, digests, into, spec, CancellationToken.None);
    }

    private static void Unpack(string packed, IReadOnlyList<string> digests, string unpacked, long bytes)
    {
        using var from = File.OpenHandle(packed);
        using var into = File.OpenHandle(unpacked, FileMode.Create, FileAccess.ReadWrite);
        RandomAccess.SetLength(into, bytes);
        CompressedPages.Expand(from, digests, into, CancellationToken.None);
    }

    private static async Task FillAsync(BenchGuests guests, string id, CancellationToken cancellationToken)
    {
        await using var session = await guests.Client.Instances.ExecAsync(
            id, new ExecRequest { Command = ["/bin/sh", "-c", Fill] }, cancellationToken);
        await foreach (var _ in session.ReadOutputAsync(cancellationToken))
        {
        }
    }

    private static MemoryBase BaseOf(BenchGuests guests, string id)
    {
        var vm = guests.Data.Vm(id);
        var name = vm.Generation(VmLedger.Read(vm.LedgerFile)!.Generation!.Value).Read().Base;
        return new MemoryBase(name, Path.Combine(guests.Data.Memory, name));
    }

    private static double Timed(Action work)
    {
        var clock = Stopwatch.StartNew();
        work();
        return clock.Elapsed.TotalMilliseconds;
    }

    private static async Task<double> TimedAsync(Func<Task> work)
    {
        var clock = Stopwatch.StartNew();
        await work();
        return clock.Elapsed.TotalMilliseconds;
    }

    private static string DataMib(string file)
    {
        using var handle = File.OpenHandle(file);
        return Figures.Mib(SparseFile.Data(handle).Sum(range => range.End - range.Start));
    }

    private static string Speed(long bytes, double milliseconds) => (bytes / 1e3 / milliseconds).ToString("0", CultureInfo.InvariantCulture);

    /// <summary>A command-line tool, and the files that it writes.</summary>
    private sealed record Tool(IReadOnlyList<string> Packed, Func<CancellationToken, Task> Pack, Func<CancellationToken, Task> Unpack);

    private sealed record Row(
        string Name, (double Packing, double Unpacking) Ours, (double Packing, double Unpacking) Tool, long OurBytes, long ToolBytes);
}
