using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.Storage;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Hypeman.Silo.Commands;

/// <summary>What the person at the terminal is told when a command fails.</summary>
internal static class StartupFailure
{
    /// <summary>One line for a failure that was foreseen; null for a fault of ours, whose stack is wanted.</summary>
    public static string? Explain(Exception error) => error switch
    {
        StartupException or StorageException => error.Message,
        NodeException node => node.Message,
        OptionsValidationException options => string.Join("; ", options.Failures),
        IOException { InnerException: AddressInUseException } => error.Message,
        CommandException or LinuxException => error.Message,
        OperationCanceledException => "interrupted",
        AggregateException { InnerExceptions: [var only] } => Explain(only),
        _ => null,
    };
}
