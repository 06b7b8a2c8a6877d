using Hypeman.Cli;
using Hypeman.Cli.Invocation;

return await HypemanCommand.RunAsync(CliHost.OfThisProcess(), args);
