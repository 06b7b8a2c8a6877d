using System.Net;
using System.Security.Cryptography;
using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Images;

namespace Hypeman.Tests.EndToEnd;

/// <summary>The disk under a fleet fills up: requests that need room are refused in clear words, and all is well once there is some.</summary>
[Trait("Category", "Vm")]
public sealed class FullDiskTests : IAsyncLifetime
{
    private const int Megabyte = 1 << 20;

    private SmallDisk _disk = null!;
    private Fleet _fleet = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _disk = await SmallDisk.MountAsync("8g");
        _fleet = await Fleet.StartAsync(Directory.CreateDirectory(_disk.PathOf("node")).FullName);
        await TestImage.Busybox.PushAsync(_fleet);
    }

    public async ValueTask DisposeAsync()
    {
        await _disk.ResizeAsync("8g");
        if (_fleet is not null)
            await _fleet.DisposeAsync();
        await _disk.DisposeAsync();
    }

    [Fact]
    public async Task What_needs_room_is_refused_in_clear_words_and_works_once_there_is_some()
    {
        var id = await Instances.RunAsync(_fleet.Api, "before", "sleep 1000");
        await _disk.LeaveAsync(Megabyte);

        await RefusedAsync(HttpMethod.Post, "/instances", Instances.Request("no-room", "sleep 1000"));
        Assert.Null(await _fleet.StateAsync("no-room"));
        await PushIsRefusedAsync();
        await IsWellAsync(id);

        await _disk.ResizeAsync("8g");
        await Instances.DeleteAsync(_fleet.Api, await Instances.RunAsync(_fleet.Api, "room", "sleep 1000"));
        await IsWellAsync(id);
    }

    [Fact]
    public async Task A_disk_without_a_single_byte_left_leaves_instances_alone_and_the_server_answering()
    {
        var id = await Instances.RunAsync(_fleet.Api, "before", "sleep 1000");
        await _disk.LeaveAsync(0);
        await Command.RunAsync("sh", ["-c", $"cat /dev/zero > {_disk.PathOf("fill")} || true"], Cancel);

        using (var refused = await _fleet.SendAsync(HttpMethod.Post, "/instances", Instances.Request("no-room", "sleep 1000")))
            Assert.False(refused.IsSuccessStatusCode);
        await PushIsRefusedAsync();
        await IsWellAsync(id);

        File.Delete(_disk.PathOf("fill"));
        await _disk.ResizeAsync("8g");
        await Until.True(async () => await _fleet.StateAsync("no-room") is null or "Stopped", TimeSpan.FromSeconds(60), "no half-made instance is left");
        await Instances.DeleteAsync(_fleet.Api, await Instances.RunAsync(_fleet.Api, "room", "sleep 1000"));
        (await _fleet.SendAsync(HttpMethod.Post, $"/instances/{id}/stop")).EnsureSuccessStatusCode();
        await Instances.DeleteAsync(_fleet.Api, id);
    }

    private async Task RefusedAsync(HttpMethod method, string path, object body)
    {
        using var response = await _fleet.SendAsync(method, path, body);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.StatusCode == HttpStatusCode.Conflict, $"{response.StatusCode} {text}");
        Assert.Contains("insufficient_resources", text);
        Assert.Contains("disk", text);
    }

    private async Task PushIsRefusedAsync()
    {
        var layout = Directory.CreateTempSubdirectory("hypeman-e2e-push-").FullName;
        try
        {
            OciImageBuilder.Busybox().File("big", RandomNumberGenerator.GetBytes(16 * Megabyte)).Build().WriteLayout(layout);
            await Assert.ThrowsAsync<CommandException>(() => _fleet.RunAsync("skopeo",
            [
                "--insecure-policy", "copy", "--retry-times", "0", "--dest-tls-verify=false", "--dest-creds", $"{_fleet.Token}:x",
                $"oci:{layout}", $"docker://{Fleet.RegistryHost}/e2e/large:v1",
            ]));
            Assert.Empty(Directory.EnumerateFiles(Path.Combine(_fleet.DataDir, "blobs", "incoming")));
        }
        finally
        {
            Directory.Delete(layout, recursive: true);
        }
    }

    private async Task IsWellAsync(string id)
    {
        Assert.Equal("ok", (await _fleet.GetAsync("/health")).GetProperty("status").GetString());
        Assert.Equal("Running", await _fleet.StateAsync(id));
        Assert.Equal("hello", (await _fleet.RunAsync(Artifacts.Cli, ["exec", id, "--", "echo", "hello"])).Trim());
    }
}
