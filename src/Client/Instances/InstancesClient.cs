using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Hypeman.Client.Http;

namespace Hypeman.Client.Instances;

/// <summary>Instances; every <c>id</c> may be an id, a name, or the unique beginning of an id.</summary>
public sealed class InstancesClient
{
    private readonly ApiConnection _api;

    internal InstancesClient(ApiConnection api) => _api = api;

    public Task<Instance> CreateAsync(CreateInstance wish, CancellationToken cancellationToken) =>
        _api.PostAsync<CreateInstance, Instance>("instances", wish, cancellationToken);

    public Task<Instance> GetAsync(string id, CancellationToken cancellationToken) =>
        _api.GetAsync<Instance>(Path(id), cancellationToken);

    public Task<List<Instance>> ListAsync(
        string? state, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken)
    {
        var query = tags.Select(tag => ($"tags[{tag.Key}]", tag.Value));
        if (state is not null)
            query = query.Prepend(("state", state));
        return _api.GetAsync<List<Instance>>("instances" + Query([.. query]), cancellationToken);
    }

    public Task<Instance> UpdateAsync(string id, UpdateInstance update, CancellationToken cancellationToken) =>
        _api.PatchAsync<UpdateInstance, Instance>(Path(id), update, cancellationToken);

    public Task<Instance> StartAsync(string id, StartInstance start, CancellationToken cancellationToken) =>
        _api.PostAsync<StartInstance, Instance>(Path(id, "start"), start, cancellationToken);

    public Task<Instance> StopAsync(string id, CancellationToken cancellationToken) =>
        _api.PostAsync<Instance>(Path(id, "stop"), cancellationToken);

    /// <summary>Saves its memory and ends its VM.</summary>
    public Task<Instance> StandbyAsync(string id, CancellationToken cancellationToken) =>
        StandbyAsync(id, new StandbyInstance(), cancellationToken);

    /// <summary>Saves its memory and ends its VM.</summary>
    public Task<Instance> StandbyAsync(string id, StandbyInstance wish, CancellationToken cancellationToken) =>
        _api.PostAsync<StandbyInstance, Instance>(Path(id, "standby"), wish, cancellationToken);

    /// <summary>Has one in standby go on.</summary>
    public Task<Instance> RestoreAsync(string id, CancellationToken cancellationToken) =>
        _api.PostAsync<Instance>(Path(id, "restore"), cancellationToken);

    /// <summary>Makes a copy that lives on apart from it.</summary>
    public Task<Instance> ForkAsync(string id, ForkInstance wish, CancellationToken cancellationToken) =>
        _api.PostAsync<ForkInstance, Instance>(Path(id, "fork"), wish, cancellationToken);

    /// <summary>Has it live on another node.</summary>
    public Task<Instance> MoveAsync(string id, MoveInstance wish, CancellationToken cancellationToken) =>
        _api.PostAsync<MoveInstance, Instance>(Path(id, "move"), wish, cancellationToken);

    public Task DeleteAsync(string id, CancellationToken cancellationToken) => _api.DeleteAsync(Path(id), cancellationToken);

    /// <summary>Asks the server to wait until the state is reached, at most this long.</summary>
    public Task<WaitResult> WaitAsync(string id, string state, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var seconds = Math.Max(1, (int)Math.Ceiling(timeout.TotalSeconds)).ToString(CultureInfo.InvariantCulture) + "s";
        return _api.GetAsync<WaitResult>(Path(id, "wait") + Query(("state", state), ("timeout", seconds)), cancellationToken);
    }

    public Task<PathInfo> StatAsync(string id, string path, bool followLinks, CancellationToken cancellationToken) =>
        _api.GetAsync<PathInfo>(
            Path(id, "stat") + Query(("path", path), ("follow_links", followLinks ? "true" : "false")), cancellationToken);

    public Task<InstanceStats> StatsAsync(string id, CancellationToken cancellationToken) =>
        _api.GetAsync<InstanceStats>(Path(id, "stats"), cancellationToken);

    /// <summary>How far it is from being put to sleep by itself.</summary>
    public Task<AutoStandbyStatus> AutoStandbyAsync(string id, CancellationToken cancellationToken) =>
        _api.GetAsync<AutoStandbyStatus>(Path(id, "auto-standby/status"), cancellationToken);

    /// <summary>Keeps it from being put to sleep by itself for as long as it may be idle.</summary>
    public Task<AutoStandbyStatus> HoldAsync(string id, CancellationToken cancellationToken) =>
        _api.PostAsync<AutoStandbyStatus>(Path(id, "auto-standby/hold"), cancellationToken);

    /// <summary>Lines of a log, oldest first; with <paramref name="follow"/> until cancelled.</summary>
    public async IAsyncEnumerable<string> ReadLogAsync(
        string id, string source, int tail, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = Query(
            ("source", source), ("tail", tail.ToString(CultureInfo.InvariantCulture)), ("follow", follow ? "true" : "false"));
        using var response = await _api.SendAsync(HttpMethod.Get, Path(id, "logs") + query, null, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await ReadLineAsync(reader, cancellationToken) is { } line)
            if (line.StartsWith("data:", StringComparison.Ordinal))
                yield return JsonSerializer.Deserialize(line.AsSpan(5), ApiJson.Default.String) ?? "";
    }

    public async Task<ExecSession> ExecAsync(string id, ExecRequest request, CancellationToken cancellationToken) =>
        await ExecSession.OpenAsync(await _api.OpenSocketAsync(Path(id, "exec"), cancellationToken), request, cancellationToken);

    public InstanceFiles Files(string id) => new(_api, id);

    internal static string Path(string id, string? verb = null) =>
        $"instances/{Uri.EscapeDataString(id)}{(verb is null ? "" : "/" + verb)}";

    private async Task<string?> ReadLineAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadLineAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw new UnreachableException(_api.BaseUrl, e);
        }
    }

    private static string Query(params IReadOnlyList<(string Name, string Value)> pairs) => pairs.Count == 0
        ? ""
        : "?" + string.Join('&', pairs.Select(pair => $"{Uri.EscapeDataString(pair.Name)}={Uri.EscapeDataString(pair.Value)}"));
}
