using System.CommandLine;
using Hypeman.Tests.Chaos;

// Interrupted, it still takes its fleet down.
var invocation = new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(2) };
return await ChaosCommand.Create().Parse(args).InvokeAsync(invocation);
