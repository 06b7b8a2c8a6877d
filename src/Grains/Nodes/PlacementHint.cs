namespace Hypeman.Grains.Nodes;

/// <summary>Tells the director where a thing belongs when the index has no row that says so, not yet or no more.</summary>
internal static class PlacementHint
{
    private const string Key = "hypeman.home";
    private const string NewKey = "hypeman.new";

    /// <summary>Makes one call with a hint, which the calls that follow from it do not inherit.</summary>
    public static async Task<T> CallAsync<T>(string home, Func<Task<T>> call)
    {
        RequestContext.Set(Key, home);
        try
        {
            return await call();
        }
        finally
        {
            RequestContext.Remove(Key);
        }
    }

    /// <summary>The same for the call that makes the thing under an id that was never used.</summary>
    public static async Task<T> CallNewAsync<T>(string home, Func<Task<T>> call)
    {
        RequestContext.Set(NewKey, true);
        try
        {
            return await CallAsync(home, call);
        }
        finally
        {
            RequestContext.Remove(NewKey);
        }
    }

    /// <summary>The hint alone, as the context of a request.</summary>
    public static Dictionary<string, object> For(string home) => new() { [Key] = home };

    /// <summary>Whether the call in progress makes the thing, so that nothing can be stored of it.</summary>
    public static bool IsOfNew => RequestContext.Get(NewKey) is true;

    public static string? Read(Dictionary<string, object>? request) =>
        request is not null && request.TryGetValue(Key, out var home) ? home as string : null;
}
