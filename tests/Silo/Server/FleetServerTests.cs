using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Hypeman.NodeRuntime.Errors;
using Hypeman.Silo;
using Hypeman.Silo.Server;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.Silo.Server;

public sealed class FleetServerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_answers_once_everything_is_up_and_says_where()
    {
        await using var server = await TestServer.StartedAsync();
        using var client = server.Client([]);

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("health", Cancelled)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("instances", Cancelled)).StatusCode);
        using var file = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(server.Data, ServerFile.FileName), Cancelled));
        Assert.Equal(server.Server.ApiAddress!.ToString().TrimEnd('/'), file.RootElement.GetProperty("api_url").GetString());
        Assert.Equal(server.Server.IngressPort, file.RootElement.GetProperty("ingress_port").GetInt32());
        Assert.Equal(server.Server.MetricsPort, file.RootElement.GetProperty("metrics_port").GetInt32());
    }

    [Fact]
    public async Task Monitoring_reads_of_requests_and_operators_how_the_ingress_is()
    {
        await using var server = await TestServer.StartedAsync();
        using var client = server.Client(null);
        using var anyone = new HttpClient();
        Assert.Equal(HttpStatusCode.NotFound, (await anyone.GetAsync($"http://127.0.0.1:{server.Server.IngressPort}/", Cancelled)).StatusCode);

        await Until.True(async () =>
        {
            var metrics = await anyone.GetStringAsync($"http://127.0.0.1:{server.Server.MetricsPort}/metrics", Cancelled);
            return metrics.Split('\n').Any(line => line.StartsWith("hypeman_ingress_request_duration_seconds_count{", StringComparison.Ordinal)
                && line.Contains("hypeman_ingress_rule=\"none\"", StringComparison.Ordinal)
                && line.Contains("http_response_status_code=\"404\"", StringComparison.Ordinal));
        }, Patience, "the request is counted");

        var node = (await client.GetFromJsonAsync<JsonElement>("nodes", Cancelled))[0];
        var ingress = node.GetProperty("ingress");
        Assert.Equal(
            ("ready", server.Server.IngressPort, 0),
            (ingress.GetProperty("state").GetString(), ingress.GetProperty("port").GetInt32(), ingress.GetProperty("rules").GetInt32()));
    }

    [Fact]
    public async Task Nothing_in_the_data_directory_is_for_others()
    {
        await using var server = await TestServer.StartedAsync();
        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(server.Data));
        Assert.All(
            Directory.GetFiles(server.Data),
            file => Assert.True((File.GetUnixFileMode(file) & Others) == 0, $"{file} can be read by others"));
    }

    [Fact]
    public async Task An_instance_is_made_through_all_layers_and_is_there_after_a_restart()
    {
        await using var server = await TestServer.StartedAsync();
        server.Node.Images.Publish("docker.io/library/web:latest");
        using (var client = server.Client(null))
        {
            using var made = await client.PostAsJsonAsync("instances", new { name = "web-1", image = "web" }, Cancelled);
            Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(Cancelled));
        }

        await server.StopAsync();
        await server.StartAsync();

        using var after = server.Client(null);
        await Until.True(async () => await StateAsync(after, "web-1") == "Running", Patience, "the instance is Running again");
    }

    [Fact]
    public async Task A_second_server_on_one_data_directory_is_refused()
    {
        await using var server = await TestServer.StartedAsync();

        var refused = await Assert.ThrowsAsync<NodeException>(server.NewAsync);

        Assert.Contains($"in use by process {Environment.ProcessId}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_before_anything_starts()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var server = new TestServer();
        server.Options.ApiPort = ((IPEndPoint)taken.LocalEndpoint).Port;

        var refused = await Assert.ThrowsAsync<StartupException>(server.NewAsync);

        Assert.Contains($"port {server.Options.ApiPort} of 127.0.0.1", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--api-port", refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(server.Data, "hypeman.db")));
    }

    [Fact]
    public async Task A_data_directory_that_cannot_be_made_is_told()
    {
        await using var server = new TestServer();
        server.Options.DataDirectory = "/proc/hypeman";

        var refused = await Assert.ThrowsAsync<NodeException>(server.NewAsync);

        Assert.Contains("Cannot use the data directory /proc/hypeman", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<string?> StateAsync(HttpClient client, string name)
    {
        using var answer = await client.GetAsync($"instances/{name}", Cancelled);
        if (!answer.IsSuccessStatusCode)
            return null;
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancelled));
        return body.RootElement.GetProperty("state").GetString();
    }
}
