using System.Net;
using System.Text.Json;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.EndToEnd;

/// <summary>Instances of the test image that run a shell script.</summary>
internal static class Instances
{
    /// <summary>A script that serves "page" on port 8080.</summary>
    public const string WebServer = "mkdir -p /www && echo page > /www/index.html && exec httpd -f -p 8080 -h /www";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly string[] Shell = ["/bin/sh", "-c"];

    public static object Request(string name, string script, string? image = null, string? node = null) => new
    {
        name,
        image = image ?? TestImage.Busybox.Name,
        size = "256MB",
        overlay_size = "1GB",
        vcpus = 1,
        entrypoint = Shell,
        cmd = Enumerable.Repeat(script, 1),
        placement = node is null ? null : new { node },
    };

    /// <summary>Makes one and waits until it runs; its id.</summary>
    public static async Task<string> RunAsync(FleetApi fleet, string name, string script, string? image = null)
    {
        var id = (await fleet.PostAsync("/instances", Request(name, script, image), Cancel)).GetProperty("id").GetString()!;
        await StateIsAsync(fleet, id, "Running");
        return id;
    }

    public static Task StateIsAsync(FleetApi fleet, string id, string state) =>
        Until.True(async () => await fleet.StateAsync(id, Cancel) == state, Patience, $"{id} is {state}");

    public static Task<JsonElement> GetAsync(FleetApi fleet, string id) => fleet.GetAsync($"/instances/{id}", Cancel);

    public static async Task DeleteAsync(FleetApi fleet, string id)
    {
        using var response = await fleet.SendAsync(HttpMethod.Delete, $"/instances/{id}", body: null, Cancel);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
