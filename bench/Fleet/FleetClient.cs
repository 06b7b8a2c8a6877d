using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace Hypeman.Bench.Fleet;

/// <summary>The calls that are measured, over HTTP, from the first byte that is sent to the last that comes.</summary>
internal sealed class FleetClient(BenchFleet fleet)
{
    /// <summary>So many instances have a tag in common, and so many are stopped, whatever the size of the fleet.</summary>
    public const int Selected = 20;

    /// <summary>Makes the instance with this number; its id.</summary>
    public async Task<string> CreateAsync(int number, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.Serialize(new
        {
            name = $"bench-{number}",
            image = "bench",
            size = "256MB",
            overlay_size = "1GB",
            vcpus = 1,
            env = new { PORT = "8080" },
            tags = new { batch = $"{number / Selected}", team = $"team-{number % 7}" },
        });
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await fleet.Client.PostAsync("instances", content, cancellationToken);
        using var json = JsonDocument.Parse(await AcceptAsync(answer, cancellationToken));
        return json.RootElement.GetProperty("id").GetString()!;
    }

    /// <summary>Asks for the image that the instances are made from.</summary>
    public async Task PullAsync(CancellationToken cancellationToken)
    {
        using var content = new StringContent(JsonSerializer.Serialize(new { name = "bench" }), Encoding.UTF8, "application/json");
        using var answer = await fleet.Client.PostAsync("images", content, cancellationToken);
        await AcceptAsync(answer, cancellationToken);
    }

    public async Task<bool> IsPulledAsync(CancellationToken cancellationToken)
    {
        using var json = JsonDocument.Parse(await ReadAsync("images/bench", cancellationToken));
        return json.RootElement.GetProperty("status").GetString() == "ready";
    }

    /// <summary>Whether each gateway sees all nodes, and all of them answer.</summary>
    public async Task<bool> IsReadyAsync(int nodes, CancellationToken cancellationToken)
    {
        foreach (var _ in fleet.Silos)
        {
            using var json = JsonDocument.Parse(await ReadAsync("nodes", cancellationToken));
            if (json.RootElement.EnumerateArray().Count(node => node.GetProperty("state").GetString() == "ready") != nodes)
                return false;
        }
        return true;
    }

    public async Task CreateToRunningAsync(int number, Action<string> made, CancellationToken cancellationToken)
    {
        var id = await CreateAsync(number, cancellationToken);
        await ReadAsync($"instances/{id}/wait?state=Running", cancellationToken);
        made(id);
    }

    public Task GetAsync(string id, CancellationToken cancellationToken) => ReadAsync($"instances/{id}", cancellationToken);

    /// <summary>Whether a fleet that is starting tells how the instance is, by a look at its node.</summary>
    public async Task<bool> IsAnsweredAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await fleet.Client.GetAsync($"instances/{id}", cancellationToken);
            return answer.IsSuccessStatusCode
                && !(await answer.Content.ReadAsStringAsync(cancellationToken)).Contains("\"state\":\"Unknown\"", StringComparison.Ordinal);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public async Task StopAsync(string id, CancellationToken cancellationToken)
    {
        using var answer = await fleet.Client.PostAsync($"instances/{id}/stop", null, cancellationToken);
        await AcceptAsync(answer, cancellationToken);
    }

    public Task ListByTagAsync(int number, CancellationToken cancellationToken) =>
        ListAsync($"instances?tags%5Bbatch%5D={number / Selected}", cancellationToken);

    public Task ListByStateAsync(CancellationToken cancellationToken) => ListAsync("instances?state=Stopped", cancellationToken);

    /// <summary>Reads the list of everything, and looks meanwhile how large the silos grow.</summary>
    public async Task<WholeList> ListAllAsync(CancellationToken cancellationToken)
    {
        var (before, most) = (fleet.ResidentBytes(), 0L);
        var clock = Stopwatch.StartNew();
        using var answer = await fleet.Client.GetAsync("instances", HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        answer.EnsureSuccessStatusCode();
        await using var stream = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var (buffer, first, bytes) = (new byte[1 << 16], TimeSpan.Zero, 0L);
        for (var read = -1; read != 0; bytes += read)
        {
            read = await stream.ReadAsync(buffer, cancellationToken);
            if (bytes == 0)
                first = clock.Elapsed;
            if (bytes >> 20 != (bytes + read) >> 20 || read == 0)
                most = Math.Max(most, fleet.ResidentBytes());
        }
        return new WholeList(first.TotalMilliseconds, clock.Elapsed.TotalMilliseconds, bytes, Math.Max(0, most - before));
    }

    private async Task ListAsync(string path, CancellationToken cancellationToken)
    {
        using var json = JsonDocument.Parse(await ReadAsync(path, cancellationToken));
        if (json.RootElement.GetArrayLength() != Selected)
            throw new InvalidOperationException($"{path} lists {json.RootElement.GetArrayLength()} instances in place of {Selected}");
    }

    private async Task<string> ReadAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await fleet.Client.GetAsync(path, cancellationToken);
        return await AcceptAsync(answer, cancellationToken);
    }

    private static async Task<string> AcceptAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        return answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created or HttpStatusCode.Accepted
            ? text
            : throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture, $"{answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri} answered {(int)answer.StatusCode}: {text}"));
    }
}

/// <summary>The list of everything.</summary>
/// <param name="FirstByteMs">Until its first byte was there.</param>
/// <param name="WholeMs">Until its last was.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="GrowthBytes">What the silos' resident memory had grown by at most.</param>
internal sealed record WholeList(double FirstByteMs, double WholeMs, long Bytes, long GrowthBytes);
