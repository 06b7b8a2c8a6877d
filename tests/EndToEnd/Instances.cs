using System.Net;
using System.Text.Json;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.EndToEnd;

/// <summary>Instances of the test image that run a shell script.</summary>
internal static class Instances
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private static readonly string[] Shell = ["/bin/sh", "-c"];

    public static object Request(string name, string script) => new
    {
        name, image = TestImage.Busybox.Name, size = "256MB", overlay_size = "1GB", vcpus = 1,
        entrypoint = Shell, cmd = Enumerable.Repeat(script, 1),
    };

    /// <summary>Makes one and waits until it runs; its id.</summary>
    public static async Task<string> RunAsync(Fleet fleet, string name, string script)
    {
        var id = (await fleet.PostAsync("/instances", Request(name, script))).GetProperty("id").GetString()!;
        await StateIsAsync(fleet, id, "Running");
        return id;
    }

    public static Task StateIsAsync(Fleet fleet, string id, string state) =>
        Until.True(async () => await fleet.StateAsync(id) == state, Patience, $"{id} is {state}");

    public static Task<JsonElement> GetAsync(Fleet fleet, string id) => fleet.GetAsync($"/instances/{id}");

    public static async Task DeleteAsync(Fleet fleet, string id)
    {
        using var response = await fleet.SendAsync(HttpMethod.Delete, $"/instances/{id}");
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }
}
