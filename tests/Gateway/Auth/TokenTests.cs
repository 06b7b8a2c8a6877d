using Hypeman.Gateway;
using Hypeman.Gateway.Auth;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Hypeman.Tests.Gateway.Auth;

public sealed class TokenTests
{
    private const string Secret = "short";

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    [Fact]
    public async Task A_token_without_scopes_may_do_everything()
    {
        var caller = await ValidateAsync(Issue(null));

        Assert.Equal("ada", caller!.Subject);
        Assert.Null(caller.Permissions);
        Assert.False(caller.IsRegistryToken);
        Assert.True(caller.May("anything:at-all"));
    }

    [Fact]
    public async Task A_token_with_scopes_may_do_just_these()
    {
        var caller = await ValidateAsync(Issue([Scopes.ImageRead]));

        Assert.True(caller!.May(Scopes.ImageRead));
        Assert.False(caller.May(Scopes.ImageWrite));
    }

    [Fact]
    public async Task A_token_with_an_empty_list_of_scopes_may_do_nothing() =>
        Assert.False((await ValidateAsync(Issue([])))!.May(Scopes.ImageRead));

    [Fact]
    public async Task The_star_grants_every_scope() =>
        Assert.True((await ValidateAsync(Issue([Scopes.All])))!.May(Scopes.InstanceDelete));

    [Fact]
    public async Task A_token_is_valid_until_it_expires()
    {
        var token = Issue(null);
        _clock.Advance(TimeSpan.FromSeconds(59));
        Assert.NotNull(await ValidateAsync(token));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await ValidateAsync(token));
    }

    [Fact]
    public async Task A_token_of_another_secret_is_not_valid() =>
        Assert.Null(await new TokenValidator(OptionsWith("another"), _clock).ValidateAsync(Issue(null)));

    [Fact]
    public async Task Without_a_secret_no_token_is_valid() =>
        Assert.Null(await new TokenValidator(OptionsWith(""), _clock).ValidateAsync(Issue(null)));

    [Theory]
    [InlineData(SecurityAlgorithms.HmacSha256)]
    [InlineData(SecurityAlgorithms.HmacSha384)]
    [InlineData(SecurityAlgorithms.HmacSha512)]
    public async Task All_lengths_of_the_hash_are_accepted(string algorithm) =>
        Assert.NotNull(await ValidateAsync(Forge("""{"sub": "ada"}""", algorithm)));

    [Fact]
    public async Task A_secret_is_used_as_other_tools_use_it()
    {
        // Made by hand: base64url(HMAC-SHA256("short", header.payload)).
        const string signed = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEifQ";
        var signature = System.Security.Cryptography.HMACSHA256.HashData(
            System.Text.Encoding.UTF8.GetBytes(Secret), System.Text.Encoding.ASCII.GetBytes(signed));

        Assert.NotNull(await ValidateAsync($"{signed}.{Base64UrlEncoder.Encode(signature)}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("a.b.c")]
    [InlineData("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.")]
    public async Task What_is_no_signed_token_is_not_valid(string token) => Assert.Null(await ValidateAsync(token));

    [Fact]
    public async Task A_changed_token_is_not_valid()
    {
        var parts = Issue([Scopes.ImageRead]).Split('.');
        parts[1] = Base64UrlEncoder.Encode("""{"sub": "ada"}""");
        Assert.Null(await ValidateAsync(string.Join('.', parts)));
    }

    [Theory]
    [InlineData("""{"sub": "ada", "permissions": "instance:read"}""")]
    [InlineData("""{"sub": "ada", "permissions": {"instance": "read"}}""")]
    [InlineData("""{"sub": "ada", "permissions": [1]}""")]
    [InlineData("""{"sub": "ada", "permissions": null}""")]
    public async Task A_list_of_scopes_that_cannot_be_read_grants_nothing(string claims) =>
        Assert.False((await ValidateAsync(Forge(claims)))?.May(Scopes.InstanceRead) ?? false);

    [Theory]
    [InlineData("""{"sub": "builder-x"}""")]
    [InlineData("""{"sub": "ada", "repos": ["builds/x"]}""")]
    [InlineData("""{"sub": "ada", "repo_access": []}""")]
    [InlineData("""{"sub": "ada", "scope": "push"}""")]
    [InlineData("""{"sub": "ada", "build_id": "x"}""")]
    public async Task Tokens_of_the_registry_are_told_apart(string claims) =>
        Assert.True((await ValidateAsync(Forge(claims)))!.IsRegistryToken);

    [Theory]
    [InlineData("""{"sub": "builder-x", "repos": ["builds/x", "cache/x"], "scope": "push"}""", true, true)]
    [InlineData("""{"sub": "builder-x", "repos": ["builds/x", "cache/x"], "scope": "pull"}""", false, true)]
    [InlineData("""{"sub": "builder-x", "repos": ["builds/x", "cache/x"]}""", false, true)]
    [InlineData("""{"repo_access": [{"repo": "builds/x", "scope": "push"}, {"repo": "cache/x", "scope": "pull"}]}""", true, true)]
    [InlineData("""{"repo_access": [{"repo": "cache/x", "scope": "push"}, {"repo": "builds/x", "scope": "pull"}]}""", false, true)]
    [InlineData("""{"repo_access": [{"repo": "builds/x", "scope": "push"}, {"repo": "builds/x", "scope": "pull"}]}""", true, true)]
    [InlineData("""{"repo_access": [{"repo": "builds", "scope": "push"}]}""", false, false)]
    [InlineData("""{"repo_access": ["builds/x", 1, {"repo": 1, "scope": "push"}, {"scope": "push"}]}""", false, false)]
    [InlineData("""{"repo_access": {"repo": "builds/x", "scope": "push"}}""", false, false)]
    [InlineData("""{"repos": "builds/x", "scope": ["push"]}""", false, false)]
    [InlineData("""{"repos": [null, {"repo": "builds/x"}], "scope": "push"}""", false, false)]
    [InlineData("""{"sub": "builder-x"}""", false, false)]
    public async Task A_token_of_the_registry_may_do_what_it_lists(string claims, bool mayPush, bool mayPull)
    {
        var grants = (await ValidateAsync(Forge(claims)))!.Repositories!;
        Assert.Equal((mayPush, mayPull), (grants.MayPush("builds/x"), grants.MayPull("builds/x")));
        Assert.False(grants.MayPull("builds/y"));
    }

    [Fact]
    public async Task A_token_needs_neither_subject_nor_expiry() =>
        Assert.Equal("", (await ValidateAsync(Forge("{}")))!.Subject);

    [Fact]
    public async Task A_token_that_is_not_valid_yet_is_refused() =>
        Assert.Null(await ValidateAsync(Forge($$"""{"nbf": {{_clock.GetUtcNow().AddMinutes(1).ToUnixTimeSeconds()}}}""")));

    [Fact]
    public void An_unknown_scope_is_refused_and_the_known_ones_are_told()
    {
        var refusal = Assert.Throws<ArgumentException>(() => Issue(["instance:fly"]));
        Assert.Contains("instance:fly", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("instance:write", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_that_could_never_work_is_not_issued()
    {
        Assert.Throws<ArgumentException>(() => new TokenIssuer("", _clock).Issue("ada", null, TimeSpan.FromHours(1)));
        Assert.Throws<ArgumentException>(() => new TokenIssuer(Secret, _clock).Issue("", null, TimeSpan.FromHours(1)));
        Assert.Throws<ArgumentException>(() => new TokenIssuer(Secret, _clock).Issue("builder-1", null, TimeSpan.FromHours(1)));
        Assert.Throws<ArgumentException>(() => new TokenIssuer(Secret, _clock).Issue("ada", null, TimeSpan.Zero));
    }

    [Fact]
    public void Every_scope_of_the_contract_is_known()
    {
        // 24 of the contract, and two of ours for nodes.
        Assert.Equal(24 + 2, Scopes.Known.Count);
        Assert.Contains("build:admin", Scopes.Known);
        Assert.Contains("snapshot:delete", Scopes.Known);
        Assert.Equal(Scopes.Known.Count, Scopes.Known.Distinct().Count());
    }

    private string Issue(string[]? scopes) => new TokenIssuer(Secret, _clock).Issue("ada", scopes, TimeSpan.FromMinutes(1));

    private ValueTask<Caller?> ValidateAsync(string token) => new TokenValidator(OptionsWith(Secret), _clock).ValidateAsync(token);

    private static string Forge(string claims, string algorithm = SecurityAlgorithms.HmacSha256) =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }
            .CreateToken(claims, new SigningCredentials(TokenKey.From(Secret), algorithm));

    private static IOptions<GatewayOptions> OptionsWith(string secret) =>
        Microsoft.Extensions.Options.Options.Create(new GatewayOptions { JwtSecret = secret });
}
