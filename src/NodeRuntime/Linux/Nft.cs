namespace Hypeman.NodeRuntime.Linux;

/// <summary>Packet rules. A text is applied wholly or not at all.</summary>
internal static class Nft
{
    internal static Task ApplyAsync(NetworkNamespace where, string rules, CancellationToken cancellationToken) =>
        where.RunAsync(new Command("nft", "-f", "-") { Input = rules }, cancellationToken);

    /// <summary>The tables, as <c>family name</c>.</summary>
    internal static async Task<IReadOnlyList<string>> ListTablesAsync(
        NetworkNamespace where, CancellationToken cancellationToken)
    {
        const string prefix = "table ";
        var output = await where.RunAsync(new Command("nft", "list", "tables"), cancellationToken);
        return [.. output.Split('\n').Where(line => line.StartsWith(prefix, StringComparison.Ordinal)).Select(line => line[prefix.Length..])];
    }
}
