using System.CommandLine;
using System.CommandLine.Parsing;

namespace Hypeman.Cli.Invocation;

/// <summary>Options that take <c>KEY=VALUE</c> and may be repeated.</summary>
internal static class Pairs
{
    public static Option<Dictionary<string, string>> Option(string name, string alias, string description) => new(name, alias)
    {
        Description = description,
        HelpName = "key=value",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = Parse,
        DefaultValueFactory = _ => [],
    };

    private static Dictionary<string, string> Parse(ArgumentResult result)
    {
        var pairs = new Dictionary<string, string>();
        foreach (var token in result.Tokens)
        {
            var at = token.Value.IndexOf('=');
            if (at <= 0)
                result.AddError($"'{token.Value}' is not KEY=VALUE.");
            else
                pairs[token.Value[..at]] = token.Value[(at + 1)..];
        }
        return pairs;
    }
}
