using System.Text.Json;
using Hypeman.Contracts.Instances;
using Hypeman.Tests.Ingress.Fakes;
using Hypeman.Tests.Testing;
using Microsoft.AspNetCore.Http;

namespace Hypeman.Tests.Ingress.Traffic;

/// <summary>The line that is left of each request.</summary>
public sealed class AccessLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string LogFile => _folder.PathOf("logs/access.log");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_says_who_asked_for_what_where_it_went_and_how_it_ended_but_nothing_of_the_query()
    {
        await using var backend = await Backend.StartAsync(context => context.Response.WriteAsync("hello"));
        await using (var ingress = await StartAsync())
        {
            await ingress.PublishAsync("web.example.com", backend);
            var request = new HttpRequestMessage(HttpMethod.Get, ingress.Url("/a%2Fb?token=secret"));
            request.Headers.UserAgent.ParseAdd("probe/1.0");
            await (await ingress.SendAsync(request, "WEB.example.com")).Content.ReadAsStringAsync();
        }

        var line = Assert.Single(Lines());
        Assert.Equal(
            ("127.0.0.1", "GET", "http", "WEB.example.com", "/a%2Fb", "HTTP/1.1", "probe/1.0"),
            (Text(line, "client"), Text(line, "method"), Text(line, "scheme"), Text(line, "host"), Text(line, "path"), Text(line, "protocol"),
                Text(line, "user_agent")));
        Assert.Equal(
            (200, 0, 5), (line.GetProperty("status").GetInt32(), line.GetProperty("bytes_in").GetInt32(), line.GetProperty("bytes_out").GetInt32()));
        Assert.Equal(
            ("web-ingress", "web.example.com:80", "web-id", "node-a"),
            (Text(line, "ingress"), Text(line, "rule"), Text(line, "instance"), Text(line, "node")));
        Assert.DoesNotContain("secret", File.ReadAllText(LogFile), StringComparison.Ordinal);
        Assert.False(line.TryGetProperty("error", out _));
    }

    [Fact]
    public async Task A_request_that_woke_its_instance_says_how_long_it_waited_and_one_that_failed_why()
    {
        await using var backend = await Backend.Saying("hello");
        await using (var ingress = await StartAsync())
        {
            await ingress.PublishAsync("web.example.com", backend, phase: InstancePhase.Standby);
            ingress.Waker.Wake = (_, _) => ingress.PutAsync(Rows.Instance("web-id", "web"));
            await (await ingress.GetAsync("web.example.com")).Content.ReadAsStringAsync();
            ingress.Connector.Lead("web-id", 8080, _ => throw new IOException("gone"));
            await ingress.PutAsync(Rows.Instance("web-id", "web") with { StartedAt = Rows.Start.AddDays(1) });
            await (await ingress.GetAsync("web.example.com")).Content.ReadAsStringAsync();
        }

        var lines = Lines();
        Assert.True(lines[0].GetProperty("waited_ms").GetDouble() > 0);
        Assert.False(lines[1].TryGetProperty("waited_ms", out _));
        Assert.Equal((502, "Request"), (lines[1].GetProperty("status").GetInt32(), Text(lines[1], "error")));
    }

    [Fact]
    public async Task One_that_others_move_away_is_begun_anew()
    {
        await using var ingress = await StartAsync();
        await ingress.GetAsync("a.example.com");
        await Until.True(() => File.Exists(LogFile) && Lines().Count == 1, IngressHarness.Patience, "the first line");

        File.Move(LogFile, LogFile + ".old");
        await ingress.GetAsync("b.example.com");

        await Until.True(() => File.Exists(LogFile) && Lines().Count == 1, IngressHarness.Patience, "the second line");
        Assert.Equal("b.example.com", Text(Lines()[0], "host"));
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_is_no_matter_for_the_requests()
    {
        Directory.CreateDirectory(LogFile);
        await using var ingress = await StartAsync();

        Assert.Equal(404, (int)(await ingress.GetAsync("a.example.com")).StatusCode);
        Assert.Equal(404, (int)(await ingress.GetAsync("b.example.com")).StatusCode);
    }

    private Task<IngressHarness> StartAsync() => IngressHarness.StartAsync(options => options.AccessLog = LogFile);

    private List<JsonElement> Lines() => File.ReadAllLines(LogFile).Select(line => JsonDocument.Parse(line).RootElement).ToList();

    private static string? Text(JsonElement line, string name) => line.GetProperty(name).GetString();
}
