using System.CommandLine;
using Hypeman.Bench.Boot;

return await new RootCommand("Measures this fleet side by side with what it is built on.")
{
    BootCommand.Create(),
}.Parse(args).InvokeAsync();
