using System.CommandLine;
using Hypeman.Bench.Boot;
using Hypeman.Bench.Fleet;
using Hypeman.Bench.Storage;

return await new RootCommand("Measures this fleet side by side with what it is built on.")
{
    BootCommand.Create(),
    StorageCommand.Create(),
    FleetCommand.Create(),
    FleetCommand.CreateSilo(),
}.Parse(args).InvokeAsync();
