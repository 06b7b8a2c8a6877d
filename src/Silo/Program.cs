using System.CommandLine;
using Hypeman.Silo.Commands;

// The host ends the process in order; the command line must not cut it short.
return await SiloCommand.RunAsync(args, new InvocationConfiguration { ProcessTerminationTimeout = null });
