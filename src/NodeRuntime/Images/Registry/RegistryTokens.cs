using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Hypeman.NodeRuntime.Errors;

namespace Hypeman.NodeRuntime.Images.Registry;

/// <summary>Turns a registry's challenge and a login into what goes into <c>Authorization</c>.</summary>
internal sealed class RegistryTokens(RegistryTransport transport, string registry, string repository, RegistryLogin? login)
{
    private const int MaxAnswerBytes = 1 << 20;

    /// <exception cref="NodeException">Unauthorized: there is no login, or it is refused. Unavailable.</exception>
    public async Task<AuthenticationHeaderValue> AnswerAsync(
        IReadOnlyList<AuthChallenge> challenges, Uri registryUri, CancellationToken cancellationToken)
    {
        if (login?.Token is { } ready)
            return new AuthenticationHeaderValue("Bearer", ready);
        if (challenges.FirstOrDefault(challenge => challenge.IsBearer) is { } bearer)
            return await FetchTokenAsync(bearer, registryUri, cancellationToken);
        if (challenges.Any(challenge => challenge.IsBasic))
            return Basic() ?? throw new NodeException(NodeErrorKind.Unauthorized, $"Registry {registry} needs a login.");
        throw new NodeException(NodeErrorKind.Unauthorized, $"Registry {registry} needs a login of a kind that is not supported.");
    }

    private async Task<AuthenticationHeaderValue> FetchTokenAsync(
        AuthChallenge challenge, Uri registryUri, CancellationToken cancellationToken)
    {
        var uri = TokenUri(challenge, registryUri);
        using var answer = await transport.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, uri)
        {
            Headers = { Authorization = Basic() },
        }, cancellationToken);
        var content = await transport.ReadAllAsync(answer, MaxAnswerBytes, cancellationToken);
        if (answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden && login is not null)
            throw new NodeException(NodeErrorKind.Unauthorized, $"Registry {registry} refuses the login.");
        if (!answer.IsSuccessStatusCode)
            throw RegistryFailure.From($"{registry}/{repository}", answer.StatusCode, content, hasLogin: login is not null);
        return new AuthenticationHeaderValue("Bearer", ReadToken(content));
    }

    /// <summary>The registry names the server; a login is sent there, so it must not be where everyone can listen.</summary>
    private Uri TokenUri(AuthChallenge challenge, Uri registryUri)
    {
        if (!challenge.Parameters.TryGetValue("realm", out var realm)
            || !Uri.TryCreate(realm, UriKind.Absolute, out var uri)
            || (uri.Scheme != Uri.UriSchemeHttps && uri.Scheme != Uri.UriSchemeHttp)
            || RegistryEndpoint.IsDowngrade(registryUri, uri))
            throw new NodeException(NodeErrorKind.Unavailable, $"Registry {registry} names no server for tokens that could be asked.");
        var query = new StringBuilder(uri.Query.TrimStart('?'));
        Append(query, "service", challenge.Parameters.GetValueOrDefault("service"));
        Append(query, "scope", $"repository:{repository}:pull");
        return new UriBuilder(uri) { Query = query.ToString() }.Uri;
    }

    private static void Append(StringBuilder query, string name, string? value)
    {
        if (value is null)
            return;
        if (query.Length > 0)
            query.Append('&');
        query.Append(name).Append('=').Append(Uri.EscapeDataString(value));
    }

    private AuthenticationHeaderValue? Basic() => login is { Username: { } user }
        ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{login.Password}")))
        : null;

    private string ReadToken(ReadOnlyMemory<byte> content)
    {
        try
        {
            using var document = JsonDocument.Parse(content);
            foreach (var name in (string[])["token", "access_token"])
                if (document.RootElement.TryGetProperty(name, out var value) && value.GetString() is { Length: > 0 } token)
                    return token;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // Said below, like an answer without a token.
        }
        throw new NodeException(NodeErrorKind.Unavailable, $"The token server of registry {registry} answered without a token.");
    }
}
