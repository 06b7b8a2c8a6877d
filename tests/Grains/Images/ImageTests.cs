using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.NodeRuntime.Errors;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Tests.Grains.Images;

public sealed class ImageTests
{
    [Fact]
    public async Task A_pull_ends_ready_and_asking_again_is_free()
    {
        await using var fleet = await TestFleet.StartAsync();
        var published = fleet.Node.Images.Publish("docker.io/library/alpine:latest", 'b', "/bin/sh");
        var spec = new ImageSpec { Name = "alpine", Credentials = new RegistryCredentials { Username = "me", Password = "secret" } };

        var first = await fleet.Grains.ImageCatalog().PullAsync(spec);
        var ready = await ReadyAsync(fleet, "alpine");
        var again = await fleet.Grains.ImageCatalog().PullAsync(spec);

        Assert.Equal("docker.io/library/alpine:latest", first.Name);
        Assert.Equal((published.ManifestDigest, "linux/amd64"), (ready.Digest, ready.Platform));
        Assert.Equal(["/bin/sh"], ready.Entrypoint);
        Assert.True(ready.SizeBytes > 0);
        Assert.Equal((ImageStatus.Ready, ready.CreatedAt), (again.Status, again.CreatedAt));
        Assert.Equal(1, fleet.Node.Faults.Passed(NodeStep.PullBegins));
        Assert.Equal("secret", fleet.Node.Images.LastLogin?.Password);
        Assert.Equal(1, await CountAsync(fleet));
    }

    [Fact]
    public async Task Images_wait_their_turn_and_say_where_they_are()
    {
        await using var fleet = await TestFleet.StartAsync();
        fleet.Node.Images.Publish("docker.io/library/one:latest", 'b');
        fleet.Node.Images.Publish("docker.io/library/two:latest", 'c');
        var hold = fleet.Node.Faults.HoldOnce(NodeStep.PullBegins);
        await fleet.Grains.ImageCatalog().PullAsync(new ImageSpec { Name = "one" });
        await hold.Reached.WaitAsync(TestFleet.Patience);

        await fleet.Grains.ImageCatalog().PullAsync(new ImageSpec { Name = "two" });

        await IsAsync(fleet, "one", image => image is { Status: ImageStatus.Pulling, QueuePosition: null });
        await IsAsync(fleet, "two", image => image is { Status: ImageStatus.Pending, QueuePosition: 1 });
        hold.Release();
        await ReadyAsync(fleet, "one");
        await ReadyAsync(fleet, "two");
    }

    [Fact]
    public async Task An_image_that_was_pulled_says_where_it_waits_to_be_converted()
    {
        await using var fleet = await TestFleet.StartAsync();
        fleet.Node.Images.Publish("docker.io/library/one:latest", 'b');
        fleet.Node.Images.Publish("docker.io/library/two:latest", 'c');
        var hold = fleet.Node.Faults.HoldOnce(NodeStep.ConvertBegins);
        await fleet.Grains.ImageCatalog().PullAsync(new ImageSpec { Name = "one" });
        await hold.Reached.WaitAsync(TestFleet.Patience);

        await fleet.Grains.ImageCatalog().PullAsync(new ImageSpec { Name = "two" });

        await IsAsync(fleet, "one", image => image is { Status: ImageStatus.Converting, QueuePosition: null });
        await IsAsync(fleet, "two", image => image is { Status: ImageStatus.Converting, QueuePosition: 1 });
        hold.Release();
        await ReadyAsync(fleet, "one");
        Assert.Null((await ReadyAsync(fleet, "two")).QueuePosition);
    }

    [Fact]
    public async Task Many_who_pull_and_push_a_new_image_at_once_through_every_node_get_one()
    {
        const string name = "docker.io/library/alpine:latest";
        await using var fleet = await TestFleet.StartAsync(nodes: 3, prepare: node => node.Images.Publish(name, 'b'));
        var catalogs = fleet.Nodes.Select(node => fleet.GrainsOf(node).ImageCatalog()).ToList();

        var made = await Task.WhenAll(catalogs.SelectMany(catalog => (Task<ImageInfo>[])
        [
            catalog.PullAsync(new ImageSpec { Name = "alpine" }), catalog.ImportAsync(name, "sha256:" + new string('b', 64)),
        ]));

        Assert.Single(made.Select(image => (image.Name, image.Digest)).Distinct());
        await ReadyAsync(fleet, "alpine");
        Assert.Equal(1, await CountAsync(fleet));
    }

    [Theory]
    [InlineData(NodeStep.PullBegins)]
    [InlineData(NodeStep.ConvertBegins)]
    [InlineData(NodeStep.RootDone)]
    public async Task A_pull_goes_on_after_the_silo_was_killed(NodeStep step)
    {
        await using var fleet = await TestFleet.StartAsync();
        fleet.Node.Images.Publish("docker.io/library/alpine:latest", 'b');
        var hold = fleet.Node.Faults.HoldOnce(step);
        await fleet.Grains.ImageCatalog().PullAsync(new ImageSpec { Name = "alpine" });
        await hold.Reached.WaitAsync(TestFleet.Patience);
        await fleet.KillSiloAsync(fleet.Node);
        hold.Abandon();

        await fleet.StartSiloAsync(fleet.Node);

        await ReadyAsync(fleet, "alpine");
    }

    [Fact]
    public async Task A_failed_pull_says_why_and_can_be_asked_for_again()
    {
        await using var fleet = await TestFleet.StartAsync();
        fleet.Node.Images.Publish("docker.io/library/alpine:latest", 'b');
        fleet.Node.Faults.FailOnce(NodeStep.ConvertBegins, NodeErrorKind.Invalid);
        await fleet.Grains.ImageCatalog().PullAsync(new ImageSpec { Name = "alpine" });
        await IsAsync(fleet, "alpine", image => image is { Status: ImageStatus.Failed, Error: not null });

        var refused = await Assert.ThrowsAsync<HypemanException>(() => fleet.CreateAsync(Some.Spec() with { Image = "alpine" }));
        Assert.Equal("image_not_ready", refused.Code);
        Assert.Contains("was made to fail", refused.Message, StringComparison.Ordinal);

        await fleet.Grains.ImageCatalog().PullAsync(new ImageSpec { Name = "alpine" });
        await ReadyAsync(fleet, "alpine");
    }

    [Fact]
    public async Task A_tag_that_moved_is_pulled_anew_and_an_old_root_stays_while_it_is_used()
    {
        await using var fleet = await TestFleet.StartAsync();
        var old = fleet.Node.Images.Publish("docker.io/library/alpine:latest", 'b');
        var instance = await fleet.CreateAsync(Some.Spec() with { Image = "alpine" });
        var id = (await instance.GetAsync()).Id;
        await fleet.RestsAsync(id, InstancePhase.Running);
        var moved = fleet.Node.Images.Publish("docker.io/library/alpine:latest", 'c');

        await fleet.Grains.ImageCatalog().PullAsync(new ImageSpec { Name = "alpine" });

        Assert.Equal(moved.ManifestDigest, (await ReadyAsync(fleet, "alpine")).Digest);
        Assert.NotNull(fleet.Node.Images.FindRoot(old.ManifestDigest));
        await fleet.Grains.ImageCatalog().DeleteAsync("alpine");
        Assert.Null(fleet.Node.Images.FindRoot(moved.ManifestDigest));
        await instance.StopAsync();
        await fleet.RestsAsync(id, InstancePhase.Stopped);
        await instance.StartAsync(new InstanceStartSpec());
        await fleet.RestsAsync(id, InstancePhase.Running);
        await instance.DeleteAsync(graceful: false);
        await Until.True(() => fleet.Node.Images.FindRoot(old.ManifestDigest) is null, TestFleet.Patience, "the last root is gone");
    }

    [Fact]
    public async Task A_root_that_another_node_made_goes_after_its_image_and_its_instances()
    {
        await using var fleet = await TestFleet.StartAsync(
            nodes: 2, prepare: node => node.Images.Publish("docker.io/library/alpine:latest", 'b'));
        await fleet.Grains.ImageCatalog().PullAsync(new ImageSpec { Name = "alpine" });
        var image = await ReadyAsync(fleet, "alpine");
        var other = fleet.Nodes.Single(node => node.Images.FindRoot(image.Digest) is null);
        var placement = new PlacementSpec { Node = other.Facts.NodeId };
        var instance = await fleet.CreateAsync(Some.Spec() with { Image = "alpine", Placement = placement });
        await fleet.RestsAsync((await instance.GetAsync()).Id, InstancePhase.Running);
        await fleet.Grains.ImageCatalog().DeleteAsync("alpine");
        await Until.True(
            () => fleet.Nodes.Where(node => node.Images.FindRoot(image.Digest) is not null).SequenceEqual([other]),
            TestFleet.Patience, "only the instance's node has the root");

        await instance.DeleteAsync(graceful: false);

        await Until.True(() => other.Images.FindRoot(image.Digest) is null, TestFleet.Patience, "the last root is gone");
    }

    [Fact]
    public async Task A_create_whose_node_has_no_room_for_the_image_says_so()
    {
        await using var fleet = await TestFleet.StartAsync(
            nodes: 2, prepare: node => node.Images.Publish("docker.io/library/alpine:latest", 'b'));
        await fleet.Grains.ImageCatalog().PullAsync(new ImageSpec { Name = "alpine" });
        var image = await ReadyAsync(fleet, "alpine");
        var other = fleet.Nodes.Single(node => node.Images.FindRoot(image.Digest) is null);
        other.Faults.FailOnce(NodeStep.PullBegins, NodeErrorKind.InsufficientResources);

        var instance = await fleet.CreateAsync(
            Some.Spec() with { Image = "alpine", Placement = new PlacementSpec { Node = other.Facts.NodeId } });

        var failed = await instance.WatchAsync(CancellationToken.None).FirstAsync(info => info.Failure is not null);
        Assert.Equal("insufficient_resources", failed.Failure!.Code);
        Assert.Contains("docker.io/library/alpine:latest cannot be had here", failed.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_is_found_by_its_digest_and_deleted_by_its_tag()
    {
        await using var fleet = await TestFleet.StartAsync();
        fleet.Node.Images.Publish("docker.io/library/alpine:latest", 'b');
        await fleet.Grains.ImageCatalog().PullAsync(new ImageSpec { Name = "alpine" });
        var image = await ReadyAsync(fleet, "alpine");
        var byDigest = $"alpine@{image.Digest}";

        Assert.Equal(image.Name, (await fleet.Grains.ImageCatalog().GetAsync(byDigest)).Name);
        var refused = await Assert.ThrowsAsync<HypemanException>(() => fleet.Grains.ImageCatalog().DeleteAsync(byDigest));
        Assert.Equal(ErrorKind.Conflict, refused.Kind);
        Assert.Contains(image.Name, refused.Message, StringComparison.Ordinal);
        await fleet.Grains.ImageCatalog().DeleteAsync("alpine");
        var gone = await Assert.ThrowsAsync<HypemanException>(() => fleet.Grains.ImageCatalog().GetAsync("alpine"));
        Assert.Equal(ErrorKind.NotFound, gone.Kind);
    }

    [Theory]
    [InlineData("Bad Name!", "invalid_name")]
    [InlineData("unknown", "not_found")]
    public async Task A_name_that_means_nothing_is_refused(string name, string code)
    {
        await using var fleet = await TestFleet.StartAsync();

        var pull = await Assert.ThrowsAsync<HypemanException>(
            () => fleet.Grains.ImageCatalog().PullAsync(new ImageSpec { Name = name }));
        var create = await Assert.ThrowsAsync<HypemanException>(() => fleet.CreateAsync(Some.Spec() with { Image = name }));

        Assert.Equal((code, code), (pull.Code, create.Code));
        Assert.Equal(0, await CountAsync(fleet));
    }

    [Fact]
    public async Task What_was_pushed_is_taken_in()
    {
        await using var fleet = await TestFleet.StartAsync();
        var pushed = fleet.Node.Images.Publish("elsewhere/x:y", 'd');

        await fleet.Grains.ImageCatalog().ImportAsync("localhost:8080/app:v1", pushed.ManifestDigest);

        Assert.Equal(pushed.ManifestDigest, (await ReadyAsync(fleet, "localhost:8080/app:v1")).Digest);
    }

    [Fact]
    public async Task What_was_pushed_is_found_again_without_any_registry()
    {
        await using var fleet = await TestFleet.StartAsync();
        var pushed = fleet.Node.Images.Publish("elsewhere/x:y", 'd');
        await fleet.Grains.ImageCatalog().ImportAsync("localhost:8080/app:v1", pushed.ManifestDigest);
        var made = await ReadyAsync(fleet, "localhost:8080/app:v1");

        var again = await fleet.Grains.ImageCatalog().PullAsync(new ImageSpec { Name = "localhost:8080/app:v1" });

        Assert.Equal((made.Digest, ImageStatus.Ready, made.CreatedAt), (again.Digest, again.Status, again.CreatedAt));
    }

    [Fact]
    public async Task A_root_that_was_lost_is_made_again_at_the_next_start()
    {
        await using var fleet = await TestFleet.StartAsync();
        fleet.Node.Images.Publish("docker.io/library/alpine:latest", 'b');
        await fleet.Grains.ImageCatalog().PullAsync(new ImageSpec { Name = "alpine" });
        var image = await ReadyAsync(fleet, "alpine");
        await fleet.KillSiloAsync(fleet.Node);
        fleet.Node.Images.Lose(image.Digest);

        await fleet.StartSiloAsync(fleet.Node);

        await Until.True(() => fleet.Node.Images.FindRoot(image.Digest) is not null, TestFleet.Patience, "the root is back");
        await ReadyAsync(fleet, "alpine");
    }

    [Fact]
    public async Task A_create_waits_a_little_for_its_image_and_then_says_so()
    {
        await using var fleet = await TestFleet.StartAsync();
        fleet.Node.Images.Publish("docker.io/library/alpine:latest", 'b');
        var hold = fleet.Node.Faults.HoldOnce(NodeStep.PullBegins);

        var refused = await Assert.ThrowsAsync<HypemanException>(() => fleet.CreateAsync(Some.Spec() with { Image = "alpine" }));

        Assert.Equal("image_not_ready", refused.Code);
        Assert.Contains("is being pulled, please try again shortly", refused.Message, StringComparison.Ordinal);
        hold.Release();
        await ReadyAsync(fleet, "alpine");
        await fleet.CreateAsync(Some.Spec() with { Image = "alpine" });
    }

    private static Task<ImageInfo> ReadyAsync(TestFleet fleet, string name) =>
        IsAsync(fleet, name, image => image.Status == ImageStatus.Ready);

    private static async Task<ImageInfo> IsAsync(TestFleet fleet, string name, Predicate<ImageInfo> condition)
    {
        ImageInfo? image = null;
        await Until.True(
            async () => (image = await TryGetAsync(fleet, name)) is not null && condition(image),
            TestFleet.Patience, $"image {name} is as expected");
        return image!;
    }

    private static async Task<ImageInfo?> TryGetAsync(TestFleet fleet, string name)
    {
        try
        {
            return await fleet.Grains.ImageCatalog().GetAsync(name);
        }
        catch (Exception)
        {
            return null;
        }
    }

    private static async Task<int> CountAsync(TestFleet fleet)
    {
        var count = 0;
        await foreach (var _ in fleet.Index.ListAsync(new ResourceQuery(ResourceKind.Image)))
            count++;
        return count;
    }
}
