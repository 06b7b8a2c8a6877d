using System.Net;
using System.Text.Json;
using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.EndToEnd;

/// <summary>Our process is killed at bad moments: nothing is lost, doubled or stuck.</summary>
[Trait("Category", "Vm")]
public sealed class RestartTests(FleetFixture fixture) : IClassFixture<FleetFixture>, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly string[] Shell = ["/bin/sh", "-c"];
    private readonly Fleet _fleet = fixture.Fleet;

    /// <summary>A test that failed halfway may have left it dead.</summary>
    public async ValueTask InitializeAsync() => await _fleet.EnsureServerAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_running_instance_serves_on_while_we_are_dead_and_is_taken_over_again()
    {
        var id = await CreateAsync("adopted", "mkdir -p /www; echo alive > /www/index.html; exec httpd -f -p 8000 -h /www");
        await StateIsAsync(id, "Running");
        var before = await _fleet.GetAsync($"/instances/{id}");
        await _fleet.KillServerAsync();
        await Until.True(async () => await PageAsync(before, 8000) == "alive\n", Patience, "the VM serves without us");
        await _fleet.StartServerAsync();

        await StateIsAsync(id, "Running");
        var after = await _fleet.GetAsync($"/instances/{id}");
        Assert.Equal(before.GetProperty("started_at").GetString(), after.GetProperty("started_at").GetString());
        Assert.Equal("hello", (await _fleet.RunAsync(Artifacts.Cli, ["exec", id, "--", "echo", "hello"])).Trim());
        await DeleteAsync(id);
    }

    [Fact]
    public async Task A_program_that_ended_while_we_were_dead_is_seen_with_its_exit_code()
    {
        var id = await CreateAsync("ended", "while [ ! -e /end ]; do sleep 0.1; done; exit 7");
        await StateIsAsync(id, "Running");
        await _fleet.RunAsync(Artifacts.Cli, ["exec", id, "--", "sh", "-c", "(sleep 2; touch /end) > /dev/null 2>&1 &"]);
        var pid = VirtualMachines.Of(_fleet.DataDir, id).Single();
        await _fleet.KillServerAsync();
        await Until.True(() => !Directory.Exists($"/proc/{pid}"), Patience, "the VM has ended by itself");
        await _fleet.StartServerAsync();

        await StateIsAsync(id, "Stopped");
        Assert.Equal(7, (await _fleet.GetAsync($"/instances/{id}")).GetProperty("exit_code").GetInt32());
        await DeleteAsync(id);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    [InlineData(150)]
    [InlineData(600)]
    public async Task A_create_that_we_die_in_ends_with_one_running_vm_or_with_nothing(int milliseconds)
    {
        var name = $"create-{milliseconds}";
        var creating = CreateAsync(name, "sleep 1000").ContinueWith(_ => { }, TaskScheduler.Default);
        await PassAsync(milliseconds);
        await _fleet.KillServerAsync();
        await creating;
        await _fleet.StartServerAsync();

        await Until.True(
            async () => (await _fleet.StateAsync(name), VirtualMachines.All(_fleet.DataDir).Count) is (null, 0) or ("Running", 1),
            Patience, $"{name} runs in one VM, or never was");
        if (await _fleet.StateAsync(name) is not null)
            await DeleteAsync(name);
        Assert.Empty(VirtualMachines.All(_fleet.DataDir));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(700)]
    public async Task A_stop_that_we_die_in_ends_stopped_or_can_be_repeated(int milliseconds)
    {
        var id = await CreateAsync($"stop-{milliseconds}", "trap '' TERM; while true; do sleep 1; done");
        await StateIsAsync(id, "Running");
        var stopping = IgnoreAsync(_fleet.SendAsync(HttpMethod.Post, $"/instances/{id}/stop"));
        await PassAsync(milliseconds);
        await _fleet.KillServerAsync();
        await stopping;
        await _fleet.StartServerAsync();

        await Until.True(async () => await _fleet.StateAsync(id) is "Running" or "Stopped", Patience, "it is at rest");
        if (await _fleet.StateAsync(id) == "Running")
            (await _fleet.SendAsync(HttpMethod.Post, $"/instances/{id}/stop")).EnsureSuccessStatusCode();
        await StateIsAsync(id, "Stopped");
        Assert.Empty(VirtualMachines.Of(_fleet.DataDir, id));
        await DeleteAsync(id);
    }

    [Fact]
    public async Task A_delete_that_we_die_in_is_carried_out()
    {
        var id = await CreateAsync("deleted", "sleep 1000");
        await StateIsAsync(id, "Running");
        var deleting = IgnoreAsync(_fleet.SendAsync(HttpMethod.Delete, $"/instances/{id}"));
        await PassAsync(50);
        await _fleet.KillServerAsync();
        await deleting;
        await _fleet.StartServerAsync();

        if (await _fleet.StateAsync(id) == "Running")
            await DeleteAsync(id);
        await Until.True(async () => await _fleet.StateAsync(id) is null, Patience, "it is gone");
        Assert.Empty(VirtualMachines.Of(_fleet.DataDir, id));
    }

    private async Task<string> CreateAsync(string name, string script)
    {
        var instance = await _fleet.PostAsync("/instances", new
        {
            name,
            image = TestImage.Busybox.Name,
            size = "256MB",
            overlay_size = "1GB",
            vcpus = 1,
            entrypoint = Shell,
            cmd = Enumerable.Repeat(script, 1),
        });
        return instance.GetProperty("id").GetString()!;
    }

    private async Task DeleteAsync(string id)
    {
        using var response = await _fleet.SendAsync(HttpMethod.Delete, $"/instances/{id}");
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    private Task StateIsAsync(string id, string state) =>
        Until.True(async () => await _fleet.StateAsync(id) == state, Patience, $"{id} is {state}");

    /// <summary>Fetches a page from a VM without us, straight from inside the node's namespace; null while none comes.</summary>
    private async Task<string?> PageAsync(JsonElement instance, int port)
    {
        var ip = instance.GetProperty("network").GetProperty("ip").GetString();
        try
        {
            return await _fleet.InNodeNamespaceAsync("curl", ["-fsS", "--max-time", "10", $"http://{ip}:{port}/"]);
        }
        catch (CommandException)
        {
            return null;
        }
    }

    /// <summary>The moment of death is the input of these tests: here a pause is what is meant.</summary>
    private static Task PassAsync(int milliseconds) => Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TestContext.Current.CancellationToken);

    private static async Task IgnoreAsync(Task<HttpResponseMessage> call)
    {
        try
        {
            (await call).Dispose();
        }
        catch (HttpRequestException)
        {
            // The server was killed while it worked on it.
        }
    }
}
