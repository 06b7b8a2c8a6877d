using System.Security.Cryptography;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Nodes;

/// <summary>The id of a node: made once, kept in its data directory, like the ids of all resources in form.</summary>
public static class NodeIdentity
{
    private const int Length = 24;
    private const string Letters = "abcdefghijklmnopqrstuvwxyz";
    private const string LettersAndDigits = Letters + "0123456789";

    /// <summary>Reads the id, made when there is none. Call it under the lock of the data directory.</summary>
    /// <exception cref="NodeException">Invalid: the file holds something else.</exception>
    public static string Ensure(DataLayout layout)
    {
        if (!File.Exists(layout.NodeIdFile))
            AtomicFile.Write(layout.NodeIdFile, New() + "\n");
        var id = File.ReadAllText(layout.NodeIdFile).Trim();
        return IsValid(id) ? id : throw new NodeException(
            NodeErrorKind.Invalid,
            $"{layout.NodeIdFile} does not hold a node id (24 lower-case letters and digits, a letter first). "
            + "Restore it: a new id would make this host a new, empty node.");
    }

    private static string New() =>
        RandomNumberGenerator.GetString(Letters, 1) + RandomNumberGenerator.GetString(LettersAndDigits, Length - 1);

    private static bool IsValid(string id) =>
        id.Length == Length && Letters.Contains(id[0]) && id.All(LettersAndDigits.Contains);
}
