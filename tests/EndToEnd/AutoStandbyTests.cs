using System.Collections.Concurrent;
using System.Net;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.EndToEnd;

/// <summary>Instances sleep by themselves when nobody uses them, and not while somebody does.</summary>
[Trait("Category", "Vm")]
public sealed class AutoStandbyTests(FleetFixture fixture) : IClassFixture<FleetFixture>, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Fleet _fleet = fixture.Fleet;

    /// <summary>A test that failed halfway may have left it dead.</summary>
    public async ValueTask InitializeAsync() => await _fleet.EnsureServerAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task It_sleeps_when_nobody_asks_it_and_no_request_of_those_who_come_now_and_then_is_lost()
    {
        var id = await PublishedAsync("napper", "2s");
        // What only looks whether it is well does not keep it awake.
        await _fleet.RunAsync(Artifacts.Cli, ["update", id, "--health", "http:8080/index.html"]);
        var (lost, answered) = (new ConcurrentBag<string>(), 0);
        using var ended = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 3).Select(_ => Task.Run(CallAsync)).ToList();

        var last = -1;
        for (var nap = 0; nap < 3; nap++)
            await Until.True(async () => await IsWokenAsync(), Patience, "it has slept and was woken");
        await ended.CancelAsync();
        await Task.WhenAll(callers);

        Assert.True(lost.IsEmpty, $"{lost.Count} were lost of {answered}:\n{string.Join('\n', lost.Take(20))}");
        await Instances.StateIsAsync(_fleet.Api, id, "Standby");
        Assert.Empty(VirtualMachines.Of(_fleet.DataDir, id));
        await Instances.DeleteAsync(_fleet.Api, id);

        async Task<bool> IsWokenAsync()
        {
            if (VirtualMachines.Of(_fleet.DataDir, id) is not [var pid] || pid == last || await _fleet.StateAsync(id) != "Running")
                return false;
            last = pid;
            return true;
        }

        // Pauses around the moment at which it falls asleep.
        async Task CallAsync()
        {
            for (var pause = 1700; !ended.IsCancellationRequested; pause = pause < 4500 ? pause + 100 : 1700)
            {
                try
                {
                    using var response = await _fleet.IngressAsync("napper.test");
                    var page = await response.Content.ReadAsStringAsync(CancellationToken.None);
                    if (response.StatusCode == HttpStatusCode.OK && page == "page\n")
                        Interlocked.Increment(ref answered);
                    else
                        lost.Add($"{(int)response.StatusCode} {page}");
                }
                catch (HttpRequestException error)
                {
                    lost.Add(error.Message);
                }
                await Task.Delay(pause, ended.Token).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    [Fact]
    public async Task Who_works_in_it_or_holds_it_keeps_it_awake_and_our_death_does_not()
    {
        var id = await PublishedAsync("worker", "3s");
        Assert.Equal("done", (await _fleet.RunAsync(Artifacts.Cli, ["exec", id, "--", "sh", "-c", "sleep 8; echo done"])).Trim());
        await _fleet.RunAsync(Artifacts.Cli, ["update", id, "--auto-standby", "5m", "--ignore-port", "9"]);
        var held = await _fleet.RunAsync(Artifacts.Cli, ["auto-standby", "hold", id]);
        Assert.Matches("(?m)^Status: +idle_countdown$", held);
        Assert.Matches("(?m)^Held until: +20", held);

        await _fleet.RunAsync(Artifacts.Cli, ["update", id, "--auto-standby", "1s"]);
        await _fleet.RunAsync(Artifacts.Cli, ["auto-standby", "hold", id]);
        await _fleet.KillServerAsync();
        await _fleet.StartServerAsync();

        await Instances.StateIsAsync(_fleet.Api, id, "Standby");
        using (var hold = await _fleet.SendAsync(HttpMethod.Post, $"/instances/{id}/auto-standby/hold"))
            Assert.Equal(HttpStatusCode.Conflict, hold.StatusCode);
        using (var page = await _fleet.IngressAsync("worker.test"))
            Assert.Equal("page\n", await page.Content.ReadAsStringAsync(CancellationToken.None));
        await Instances.DeleteAsync(_fleet.Api, id);
    }

    private async Task<string> PublishedAsync(string name, string idleTimeout)
    {
        var id = await Instances.RunAsync(_fleet.Api, name, Instances.WebServer);
        var rule = new { match = new { hostname = $"{name}.test" }, target = new { instance = name, port = 8080 } };
        await _fleet.PostAsync("/ingresses", new { name, rules = new[] { rule } });
        await Until.True(
            async () =>
            {
                using var response = await _fleet.IngressAsync($"{name}.test");
                return response.StatusCode == HttpStatusCode.OK;
            },
            Patience, "the page is there");
        await _fleet.RunAsync(Artifacts.Cli, ["update", id, "--auto-standby", idleTimeout]);
        return id;
    }
}
