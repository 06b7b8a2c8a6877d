using System.CommandLine;
using Hypeman.Bench.Boot;
using Hypeman.Bench.Codec;
using Hypeman.Bench.Fleet;
using Hypeman.Bench.Fork;
using Hypeman.Bench.Guests;
using Hypeman.Bench.Ingress;
using Hypeman.Bench.Restore;
using Hypeman.Bench.Standby;
using Hypeman.Bench.Storage;
using Hypeman.Bench.Wake;

return await new RootCommand("Measures this fleet side by side with what it is built on.")
{
    GuestBenchmarkOptions.Command(
        "boot", "Boots a VM by hand and by the API, in turn, until its program speaks.", runs: 7,
        (options, token) => new BootBenchmark(options).RunAsync(token)),
    GuestBenchmarkOptions.Command(
        "restore", "Wakes a VM by hand and by the API, in turn, until its agent answers.", runs: 7,
        (options, token) => new RestoreBenchmark(options).RunAsync(token)),
    GuestBenchmarkOptions.Command(
        "wake", "Has requests wake a VM, against its restore alone.", runs: 7, (options, token) => new WakeBenchmark(options).RunAsync(token)),
    GuestBenchmarkOptions.Command(
        "standby", "Saves a VM by hand and by the API, the first and the second time.", runs: 3,
        (options, token) => new StandbyBenchmark(options).RunAsync(token)),
    GuestBenchmarkOptions.Command(
        "fork", "Forks a running VM, and boots as many.", runs: 1, (options, token) => new ForkBenchmark(options).RunAsync(token)),
    GuestBenchmarkOptions.Command(
        "codec", "Packs and unpacks a guest's memory, against zstd and lz4 as tools.", runs: 5,
        (options, token) => new CodecBenchmark(options).RunAsync(token)),
    IngressCommand.Create(),
    IngressCommand.CreateServer(),
    StorageCommand.Create(),
    FleetCommand.Create(),
    FleetCommand.CreateSilo(),
}.Parse(args).InvokeAsync();
