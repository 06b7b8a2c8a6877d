using System.CommandLine;
using Hypeman.Client.Images;
using Hypeman.NodeRuntime.Guest;

namespace Hypeman.Bench.Guests;

/// <summary>What all benchmarks that run guests of a fleet are told.</summary>
internal sealed record GuestBenchmarkOptions(string DataDirectory, string KernelDirectory, string GuestBinary, int Runs)
{
    /// <summary>A command of such a benchmark.</summary>
    public static Command Command(
        string name, string description, int runs, Func<GuestBenchmarkOptions, CancellationToken, Task<int>> run)
    {
        var data = new Option<string>("--data") { Description = "Data directory of the running fleet.", Required = true };
        var kernel = new Option<string>("--kernel-dir") { Description = "The guest's kernel tree.", Required = true };
        var guest = new Option<string>("--guest-binary") { Description = "The guest's init.", Required = true };
        var times = new Option<int>("--runs") { Description = "Runs of each kind.", DefaultValueFactory = _ => runs };
        var command = new Command(name, description) { data, kernel, guest, times };
        command.SetAction((parsed, cancellationToken) => run(
            new GuestBenchmarkOptions(parsed.GetValue(data)!, parsed.GetValue(kernel)!, parsed.GetValue(guest)!, parsed.GetValue(times)),
            cancellationToken));
        return command;
    }

    /// <summary>Runs a benchmark with an image that the fleet has, and a directory that is removed then.</summary>
    public async Task<int> RunAsync(
        Func<BenchGuests, Image, GuestSystemFiles, string, Task> benchmark, CancellationToken cancellationToken)
    {
        using var guests = new BenchGuests(DataDirectory);
        var work = Directory.CreateTempSubdirectory("hypeman-bench-").FullName;
        try
        {
            var image = await guests.PushImageAsync(work, cancellationToken);
            var guest = await new GuestSystem(new GuestSystemOptions
            {
                KernelDirectory = KernelDirectory,
                GuestBinary = GuestBinary,
                CacheDirectory = guests.Data.Guest,
            }).EnsureAsync(cancellationToken);
            await benchmark(guests, image, guest, work);
            return 0;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }
}
