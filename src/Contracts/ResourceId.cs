using System.Security.Cryptography;

namespace Hypeman.Contracts;

/// <summary>
/// Ids of instances and ingresses: 24 lower-case letters and digits, a letter first, random. They never encode a
/// node, because instances move.
/// </summary>
public static class ResourceId
{
    private const int Length = 24;
    private const string Letters = "abcdefghijklmnopqrstuvwxyz";
    private const string LettersAndDigits = Letters + "0123456789";

    /// <summary>Whether this has the form of an id. A name may have it too.</summary>
    public static bool IsOne(string text) =>
        text.Length == Length && Letters.Contains(text[0]) && text.All(LettersAndDigits.Contains);

    public static string New() =>
        RandomNumberGenerator.GetString(Letters, 1) + RandomNumberGenerator.GetString(LettersAndDigits, Length - 1);
}
