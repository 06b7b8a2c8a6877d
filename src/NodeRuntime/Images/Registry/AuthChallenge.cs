namespace Hypeman.NodeRuntime.Images.Registry;

/// <summary>What a registry asks for in <c>WWW-Authenticate</c>: a scheme and its parameters.</summary>
internal sealed record AuthChallenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    public bool IsBearer => Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase);
    public bool IsBasic => Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads <c>realm="https://a",service=b, scope="c,d"</c>; what does not have this form is left out.</summary>
    public static AuthChallenge Parse(string scheme, string? parameters)
    {
        var found = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var rest = (parameters ?? "").AsSpan();
        while (rest.IndexOf('=') is >= 0 and var equals)
        {
            var name = rest[..equals].Trim(" ,\t").ToString();
            rest = rest[(equals + 1)..].TrimStart();
            found[name] = rest.StartsWith('"') ? ReadQuoted(ref rest) : ReadToken(ref rest);
        }
        return new AuthChallenge(scheme, found);
    }

    private static string ReadQuoted(ref ReadOnlySpan<char> rest)
    {
        var value = new System.Text.StringBuilder();
        var i = 1;
        for (; i < rest.Length && rest[i] != '"'; i++)
        {
            if (rest[i] == '\\' && i + 1 < rest.Length)
                i++;
            value.Append(rest[i]);
        }
        rest = rest[Math.Min(i + 1, rest.Length)..];
        return value.ToString();
    }

    private static string ReadToken(ref ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOf(',');
        var value = (end < 0 ? rest : rest[..end]).Trim().ToString();
        rest = end < 0 ? [] : rest[(end + 1)..];
        return value;
    }
}
