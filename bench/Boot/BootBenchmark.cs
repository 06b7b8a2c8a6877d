using Hypeman.Bench.Reports;
using Hypeman.Client;
using Hypeman.Client.Images;
using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Tests.Testing.Images;
using Spectre.Console;

namespace Hypeman.Bench.Boot;

/// <summary>
/// Raw QEMU and the whole of us boot the same guest in turn, so that what else the machine does hurts both alike.
/// The first boot of each is thrown away.
/// </summary>
internal sealed class BootBenchmark(string dataDirectory, string kernelDirectory, string guestBinary, int runs)
{
    private const string Repository = "bench/busybox:v1";
    private readonly DataLayout _data = new(dataDirectory);

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var address = new Uri(Required("HYPEMAN_BASE_URL"));
        using var client = new HypemanClient(address, Required("HYPEMAN_API_KEY"));
        var work = Directory.CreateTempSubdirectory("hypeman-bench-").FullName;
        try
        {
            var image = await PushAsync(client, address, work, cancellationToken);
            var guest = await new GuestSystem(new GuestSystemOptions
            {
                KernelDirectory = kernelDirectory, GuestBinary = guestBinary, CacheDirectory = _data.Guest,
            }).EnsureAsync(cancellationToken);

            var config = Path.Combine(work, "config.disk");
            var fleet = new FleetBoot(client, _data, image.Name);
            await fleet.RunAsync(vm => File.Copy(vm.ConfigDisk, config), cancellationToken);
            var raw = new RawBoot(work, guest, RootOf(image), config);
            await raw.RunAsync(cancellationToken);
            await CompareAsync(raw, fleet, cancellationToken);
            return 0;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private async Task CompareAsync(RawBoot raw, FleetBoot fleet, CancellationToken cancellationToken)
    {
        var (rawTimes, ourTimes, trails) = (new List<double>(), new List<double>(), new List<IReadOnlyList<string>>());
        for (var run = 1; run <= runs; run++)
        {
            rawTimes.Add(await raw.RunAsync(cancellationToken));
            var (milliseconds, trail) = await fleet.RunAsync(null, cancellationToken);
            ourTimes.Add(milliseconds);
            trails.Add(trail);
            await Console.Error.WriteLineAsync(
                $"run {run} of {runs}: raw QEMU {Figures.Text(rawTimes[^1])} ms, POST /instances {Figures.Text(ourTimes[^1])} ms");
        }
        var (peer, ours) = (new Figures(rawTimes), new Figures(ourTimes));
        Report.Table("Boot until the program speaks, milliseconds", ["", "median", "min", "max"],
        [
            ["raw QEMU", Figures.Text(peer.Median), Figures.Text(peer.Min), Figures.Text(peer.Max)],
            ["POST /instances to Running", Figures.Text(ours.Median), Figures.Text(ours.Min), Figures.Text(ours.Max)],
        ]);
        Report.Table("Where ours goes, milliseconds (guest phases: since the start began)", ["phase", "median", "min", "max"], PhaseTable.Rows(trails));
        Report.Line(("ratio", ours.Median / peer.Median), ("ours_ms", ours.Median), ("raw_ms", peer.Median), ("runs", runs));
    }

    private static async Task<Image> PushAsync(HypemanClient client, Uri address, string work, CancellationToken cancellationToken)
    {
        var layout = Directory.CreateDirectory(Path.Combine(work, "layout")).FullName;
        OciImageBuilder.Busybox().Build().WriteLayout(layout);
        using var image = OciLayout.Open(layout);
        await client.Registry.PushAsync(image, Repository, _ => { }, cancellationToken);
        return await client.Images.WaitAsync(
            $"{address.Authority}/{Repository}", absentIsFine: true, TimeProvider.System, _ => { }, cancellationToken);
    }

    private string RootOf(Image image) =>
        Path.Combine(_data.Roots, image.Digest.Replace(':', Path.DirectorySeparatorChar) + ".erofs");

    private static string Required(string variable) => Environment.GetEnvironmentVariable(variable)
        ?? throw new InvalidOperationException($"{variable} is not set: run ./dev bench boot");
}
