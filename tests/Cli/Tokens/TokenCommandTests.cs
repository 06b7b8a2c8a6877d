using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Hypeman.Tests.Cli.Fakes;

namespace Hypeman.Tests.Cli.Tokens;

public class TokenCommandTests
{
    private static readonly Dictionary<string, string> Env = new() { ["JWT_SECRET"] = "s3cret" };

    [Fact]
    public async Task A_token_is_signed_with_the_secret_and_lasts_a_day()
    {
        var run = await CliRun.Async(Env, "", ["token", "--user", "ann"]);

        var parts = run.Out.Trim().Split('.');
        var signature = HMACSHA256.HashData("s3cret"u8, Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"));
        Assert.Equal(Base64Url.EncodeToString(signature), parts[2]);
        var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1])).RootElement;
        Assert.Equal("ann", claims.GetProperty("sub").GetString());
        Assert.Equal(86400, claims.GetProperty("exp").GetInt64() - claims.GetProperty("iat").GetInt64());
        Assert.False(claims.TryGetProperty("permissions", out _));
    }

    [Fact]
    public async Task Scopes_limit_it_and_unknown_ones_are_refused()
    {
        var run = await CliRun.Async(Env, "", ["token", "--scopes", "image:read, instance:write", "--expires", "1h"]);
        var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(run.Out.Split('.')[1])).RootElement;
        Assert.Equal(["image:read", "instance:write"], claims.GetProperty("permissions").EnumerateArray().Select(e => e.GetString()));

        Assert.Equal(2, (await CliRun.Async(Env, "", ["token", "--scopes", "image:fly"])).ExitCode);
    }

    [Fact]
    public async Task Without_a_secret_it_says_where_one_comes_from()
    {
        var run = await CliRun.Async(new Dictionary<string, string>(), "", ["token"]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("JWT_SECRET", run.Error);
    }
}
