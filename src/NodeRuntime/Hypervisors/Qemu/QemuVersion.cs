using System.Text.RegularExpressions;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Hypervisors.Qemu;

/// <summary>The QEMU of this host: that it is there, and new enough.</summary>
internal static partial class QemuVersion
{
    /// <summary>The oldest one that this was run with (Debian 12).</summary>
    private static readonly Version Minimum = new(7, 2);

    /// <exception cref="NodeException">DependencyMissing: not installed, no QEMU, or too old.</exception>
    internal static async Task<Version> FindAsync(string program, CancellationToken cancellationToken)
    {
        var text = await new Command(program, "--version").RunAsync(cancellationToken);
        var version = Parse(text) ?? throw new NodeException(
            NodeErrorKind.DependencyMissing, $"{program} does not say its version as QEMU does.", text);
        return version >= Minimum
            ? version
            : throw new NodeException(
                NodeErrorKind.DependencyMissing, $"{program} is QEMU {version}, at least {Minimum} is needed.");
    }

    internal static Version? Parse(string text) =>
        Pattern().Match(text) is { Success: true } match ? Version.Parse(match.Groups[1].ValueSpan) : null;

    [GeneratedRegex(@"QEMU emulator version (\d+\.\d+(\.\d+)?)")]
    private static partial Regex Pattern();
}
