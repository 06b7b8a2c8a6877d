using Hypeman.NodeRuntime.Errors;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>What an order must hold to be carried out on any host. What callers may ask for is decided above.</summary>
internal static class VmSpecRules
{
    private const int MaxIdLength = 32;
    private const int MaxVcpus = 255;
    private const long MinMemoryBytes = 64L << 20;
    private const long MinOverlayBytes = 1L << 20;

    /// <exception cref="NodeException">Invalid: says what is wrong and what would be right.</exception>
    internal static void Check(VmSpec spec)
    {
        Require(IsId(spec.Id), "id", $"1 to {MaxIdLength} lower-case letters, digits and dashes");
        Require(spec.Vcpus is >= 1 and <= MaxVcpus, "number of vcpus", $"1 to {MaxVcpus}");
        Require(spec.MemoryBytes >= MinMemoryBytes, "memory", $"at least {MinMemoryBytes >> 20} MiB");
        Require(spec.OverlayBytes >= MinOverlayBytes, "size of the overlay disk", $"at least {MinOverlayBytes >> 20} MiB");
        Require(spec.Program.Arguments.Count > 0, "program", "an entrypoint or a command");
    }

    internal static bool IsId(string id) =>
        id.Length is >= 1 and <= MaxIdLength && id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    private static void Require(bool holds, string what, string right)
    {
        if (!holds)
            throw new NodeException(NodeErrorKind.Invalid, $"The VM's {what} is wrong. Right is: {right}.");
    }
}
