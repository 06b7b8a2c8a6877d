using System.Net;
using System.Text;
using Hypeman.Tests.Gateway.Hosting;

namespace Hypeman.Tests.Gateway.Errors;

public sealed class ErrorAnswerTests(ApiHost api) : ApiTests(api)
{
    [Fact]
    public async Task An_unknown_path_is_not_found() =>
        AssertError(await GetAsync("/nowhere", HttpStatusCode.NotFound), "Not Found", "there is nothing at /nowhere");

    [Fact]
    public async Task A_wrong_method_is_not_allowed_and_the_right_ones_are_told()
    {
        using var response = await Api.Client.PutAsync("/instances", null);
        AssertError(await ReadAsync(response, HttpStatusCode.MethodNotAllowed), "Method Not Allowed", "/instances does not take PUT, only GET, HEAD, POST");
        Assert.Equal(["GET", "HEAD", "POST"], response.Content.Headers.Allow.Order());
    }

    [Fact]
    public async Task A_bug_is_told_without_its_text()
    {
        var error = await GetAsync("/tests/bug", HttpStatusCode.InternalServerError);
        Assert.Equal("""{"code":"internal_error","message":"internal error"}""", error.GetRawText());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("""{"name": "a",}""")]
    [InlineData("""{"name": "a", "name": "b"}""")]
    [InlineData("nonsense")]
    public async Task What_is_no_JSON_is_refused(string body) =>
        AssertError(await PostAsync("/instances", body, HttpStatusCode.BadRequest), "Bad Request", "the request body is");

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    public async Task What_is_no_object_is_refused(string body) =>
        AssertError(await PostAsync("/instances", body, HttpStatusCode.BadRequest), "Bad Request", "the request body must be an object");

    [Fact]
    public async Task Another_content_type_is_refused()
    {
        using var response = await Api.Client.PostAsync("/instances", new StringContent("{}", Encoding.UTF8, "text/plain"));
        AssertError(await ReadAsync(response, HttpStatusCode.BadRequest), "Bad Request", "Content-Type");
    }

    [Fact]
    public async Task Too_large_a_body_is_refused()
    {
        using var content = new ByteArrayContent(new byte[11 << 20]);
        content.Headers.ContentType = new("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/instances") { Content = content };
        request.Headers.ExpectContinue = true;
        using var response = await Api.Client.SendAsync(request);
        await ReadAsync(response, HttpStatusCode.RequestEntityTooLarge);
    }
}
