using System.Net;
using Hypeman.Tests.Gateway.Hosting;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.Gateway.Images;

public sealed class ImageTests(ApiHost api) : ApiTests(api)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task An_image_is_pulled_and_found_however_its_slashes_are_written()
    {
        const string name = "docker.io/library/pulled:v1";
        Api.Node.Images.Publish(name, 'b');
        var image = await PostAsync("/images", """{"name": "pulled:v1", "tags": {"a": "b"}}""", HttpStatusCode.Accepted);
        Assert.Equal(name, image.GetProperty("name").GetString());
        Assert.Equal("sha256:" + new string('b', 64), image.GetProperty("digest").GetString());

        foreach (var path in (string[])["pulled:v1", name, Uri.EscapeDataString(name), name.Replace("/", "%2F", StringComparison.Ordinal)])
            Assert.Equal(name, (await GetAsync($"/images/{path}")).GetProperty("name").GetString());
        await Until.True(
            async () => (await GetAsync($"/images/{name}")).GetProperty("status").GetString() == "ready", Patience, "the image is ready");
        var ready = await GetAsync($"/images/{name}");
        Assert.True(ready.GetProperty("size_bytes").GetInt64() > 0);
        Assert.Equal("""["/bin/app"]""", ready.GetProperty("entrypoint").GetRawText());
    }

    [Fact]
    public async Task Images_are_listed_by_tags_and_can_be_forgotten()
    {
        Api.Node.Images.Publish("docker.io/library/listed:latest", 'c');
        await PostAsync("/images", """{"name": "listed", "tags": {"list": "me"}}""", HttpStatusCode.Accepted);
        var listed = await GetAsync("/images?tags[list]=me");
        Assert.Equal("docker.io/library/listed:latest", listed.EnumerateArray().Single().GetProperty("name").GetString());

        await DeleteAsync("/images/docker.io%2Flibrary%2Flisted:latest");
        await GetAsync("/images/listed", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Credentials_come_through_and_are_not_told()
    {
        Api.Node.Images.Publish("docker.io/library/private:latest", 'd');
        var body = """{"name": "private", "credentials": {"username": "ada", "password": "s3cret"}}""";
        var image = await PostAsync("/images", body, HttpStatusCode.Accepted);
        Assert.Equal("ada", Api.Node.Images.LastLogin!.Username);
        Assert.DoesNotContain("s3cret", image.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "Bad Request", "name: is required")]
    [InlineData("""{"name": ""}""", "invalid_name", "name: must not be empty")]
    [InlineData("""{"name": 1}""", "Bad Request", "name: must be a string")]
    [InlineData("""{"name": "Not Good"}""", "invalid_name", "Not Good")]
    [InlineData("""{"name": "web", "platform": "?"}""", "invalid_platform", "platform: ")]
    [InlineData("""{"name": "web", "credentials": {"user": "x"}}""", "Bad Request", "credentials.user: is not a known field")]
    [InlineData("""{"name": "web", "tags": []}""", "Bad Request", "tags: must be an object")]
    public async Task Bad_input_is_refused_with_the_field(string body, string code, string message) =>
        AssertError(await PostAsync("/images", body, HttpStatusCode.BadRequest), code, message);

    [Fact]
    public async Task What_does_not_exist_is_not_found()
    {
        AssertError(await GetAsync("/images/nobody", HttpStatusCode.NotFound), "not_found", "");
        await DeleteAsync("/images/nobody", HttpStatusCode.NotFound);
        AssertError(await PostAsync("/images", """{"name": "nobody"}""", HttpStatusCode.NotFound), "not_found", "nobody");
    }

    [Fact]
    public async Task A_bad_reference_in_the_path_is_refused() =>
        AssertError(await GetAsync("/images/Not%20Good", HttpStatusCode.BadRequest), "invalid_name", "Not Good");
}
