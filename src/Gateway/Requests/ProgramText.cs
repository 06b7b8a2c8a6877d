using Hypeman.Gateway.Errors;

namespace Hypeman.Gateway.Requests;

/// <summary>
/// What a kernel can give to a program: texts end at their first NUL, and a variable's name at its first =. What does
/// not fit would reach the program cut off, without a word.
/// </summary>
internal static class ProgramText
{
    private const string InvalidRequest = "invalid_request";

    public static void CheckEnv(IReadOnlyDictionary<string, string> env, string field, Problems problems)
    {
        foreach (var (key, value) in env)
            if (key.Length == 0 || key.Contains('=') || HasNul(key) || HasNul(value))
                problems.Add(InvalidRequest, $"{field}.{key}", "must have a name without = and no NUL characters");
    }

    public static void CheckArguments(IReadOnlyList<string>? arguments, string field, Problems problems)
    {
        for (var index = 0; index < arguments?.Count; index++)
            if (HasNul(arguments[index]))
                problems.Add(InvalidRequest, $"{field}[{index}]", "must have no NUL characters");
    }

    private static bool HasNul(string text) => text.Contains('\0');
}
