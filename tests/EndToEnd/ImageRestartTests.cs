using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Images;

namespace Hypeman.Tests.EndToEnd;

/// <summary>Our process is killed while it fetches, makes or takes an image: nothing half-made is ever called ready.</summary>
[Trait("Category", "Vm")]
public sealed partial class ImageRestartTests(FleetFixture fixture) : IClassFixture<FleetFixture>, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private const int Megabyte = 1 << 20;

    private readonly Fleet _fleet = fixture.Fleet;
    private FakeRegistry _registry = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _fleet.EnsureServerAsync();
        _registry = await FakeRegistry.StartAsync(() => _fleet.Network
            .CreateSocketAsync(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp).GetAwaiter().GetResult());
    }

    public ValueTask DisposeAsync() => _registry.DisposeAsync();

    [Fact]
    public async Task A_pull_that_we_die_in_is_finished_by_the_next_process()
    {
        var image = Image(RandomNumberGenerator.GetBytes(4 * Megabyte));
        var layer = image.Blobs.Single(blob => blob.Value.Length > Megabyte).Key;
        var name = Add("pull", image);
        var isHeld = true;
        var half = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _registry.Script = async context =>
        {
            if (!Volatile.Read(ref isHeld) || !context.Request.Path.Value!.EndsWith(layer, StringComparison.Ordinal))
                return false;
            await context.Response.Body.WriteAsync(new byte[Megabyte], context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            half.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
            return true;
        };
        await _fleet.PostAsync("/images", new { name });
        await half.Task.WaitAsync(Patience, Cancel);
        await StatusIsAsync(name, "pulling");
        await _fleet.KillServerAsync();
        Volatile.Write(ref isHeld, false);
        await _fleet.StartServerAsync();

        await EndsReadyAndGoesWithoutATraceAsync(name);
    }

    [Theory]
    [InlineData("pulling")]
    [InlineData("converting")]
    public async Task An_image_that_we_die_in_the_making_of_is_made_by_the_next_process(string status)
    {
        var name = Add(status, Image(RandomNumberGenerator.GetBytes(96 * Megabyte)));
        await _fleet.PostAsync("/images", new { name });
        await Until.True(async () => await StatusAsync(name) is var now && (now == status || now == "ready"), Patience, $"it is {status}");
        await _fleet.KillServerAsync();
        await _fleet.StartServerAsync();

        await EndsReadyAndGoesWithoutATraceAsync(name);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(500)]
    public async Task A_push_that_we_die_in_can_be_repeated(int milliseconds)
    {
        var layout = Directory.CreateTempSubdirectory("hypeman-e2e-push-").FullName;
        try
        {
            Image(RandomNumberGenerator.GetBytes(48 * Megabyte)).WriteLayout(layout);
            var name = $"{Fleet.RegistryHost}/e2e/push-{milliseconds}:v1";
            var pushing = PushAsync(layout, name);
            await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), Cancel);
            await _fleet.KillServerAsync();
            await EndAsync(pushing);
            await _fleet.StartServerAsync();
            Assert.Empty(Unfinished("blobs"));
            Assert.True(await StatusAsync(name) is null or "ready" or "pending" or "pulling" or "converting");

            await PushAsync(layout, name);
            await EndsReadyAndGoesWithoutATraceAsync(name);
        }
        finally
        {
            Directory.Delete(layout, recursive: true);
        }
    }

    /// <summary>A push that lost its server fails, unless it was done before.</summary>
    private static async Task EndAsync(Task<string> pushing)
    {
        try
        {
            await pushing;
        }
        catch (CommandException)
        {
        }
    }

    private static OciImage Image(byte[] content) => OciImageBuilder.Busybox().File("big", content).Cmd("sleep", "1000").Build();

    private string Add(string repository, OciImage image)
    {
        _registry.Add(image, repository);
        return $"{_registry.Host}/{repository}:latest";
    }

    private async Task EndsReadyAndGoesWithoutATraceAsync(string name)
    {
        await StatusIsAsync(name, "ready");
        Assert.Empty(Unfinished("blobs", "roots"));
        using (var deleted = await _fleet.SendAsync(HttpMethod.Delete, $"/images/{Uri.EscapeDataString(name)}"))
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Null(await StatusAsync(name));
        Assert.Empty(Unfinished("blobs", "roots"));
        // What is left is the image that all tests of this class share.
        Assert.Single(Files("roots"), path => path.EndsWith(".erofs", StringComparison.Ordinal));
    }

    /// <summary>Files that are made under a name that is not their last.</summary>
    private List<string> Unfinished(params string[] folders) =>
        [.. folders.SelectMany(Files).Where(path => !FinalName().IsMatch(Path.GetFileName(path)))];

    private IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(Path.Combine(_fleet.DataDir, folder), "*", SearchOption.AllDirectories);

    [GeneratedRegex(@"^[0-9a-f]{64}(\.erofs|\.json)?$")]
    private static partial Regex FinalName();

    private Task StatusIsAsync(string name, string status) =>
        Until.True(async () => await StatusAsync(name) == status, Patience, $"{name} is {status}");

    /// <summary>Null when there is no such image.</summary>
    private async Task<string?> StatusAsync(string name)
    {
        using var response = await _fleet.SendAsync(HttpMethod.Get, $"/images/{Uri.EscapeDataString(name)}");
        if (response.StatusCode == HttpStatusCode.NotFound)
            return null;
        response.EnsureSuccessStatusCode();
        var image = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync(Cancel));
        Assert.NotEqual("failed", image.GetProperty("status").GetString());
        return image.GetProperty("status").GetString();
    }

    private Task<string> PushAsync(string layout, string name) => _fleet.RunAsync("skopeo",
    [
        "--insecure-policy", "copy", "--dest-tls-verify=false", "--dest-creds", $"{_fleet.Token}:x", $"oci:{layout}", $"docker://{name}",
    ]);
}
