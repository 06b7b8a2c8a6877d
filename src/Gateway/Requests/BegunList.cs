namespace Hypeman.Gateway.Requests;

/// <summary>Lists that are written while they are read, however long they are.</summary>
internal static class BegunList
{
    /// <summary>Done when the first item is there or none comes: what goes wrong until then still is an answer with a status.</summary>
    public static async Task<IAsyncEnumerable<T>> BegunAsync<T>(this IAsyncEnumerable<T> source, CancellationToken cancellationToken)
    {
        var items = source.GetAsyncEnumerator(cancellationToken);
        try
        {
            return FromAsync(items, await items.MoveNextAsync());
        }
        catch
        {
            await items.DisposeAsync();
            throw;
        }
    }

    private static async IAsyncEnumerable<T> FromAsync<T>(IAsyncEnumerator<T> items, bool isThere)
    {
        await using var owned = items;
        for (; isThere; isThere = await items.MoveNextAsync())
            yield return items.Current;
    }
}
