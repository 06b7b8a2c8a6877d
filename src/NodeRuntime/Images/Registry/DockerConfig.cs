using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Images.Registry;

/// <summary>
/// Logins that <c>docker login</c> left in its config file. Helpers that keep logins elsewhere are programs of the
/// user's desktop and are not run here.
/// </summary>
internal sealed class DockerConfig(string path, ILogger log)
{
    private const string DockerHubKey = "https://index.docker.io/v1/";

    /// <summary>The login for a registry; null when there is none. The file is read each time, so it may change.</summary>
    public RegistryLogin? Find(string registry)
    {
        if (path.Length == 0 || !File.Exists(path))
            return null;
        try
        {
            using var config = JsonDocument.Parse(File.ReadAllBytes(path));
            if (config.RootElement.TryGetProperty("credHelpers", out _) || config.RootElement.TryGetProperty("credsStore", out _))
                log.LogDebug("Credential helpers in {Path} are not used, only its 'auths'", path);
            if (!config.RootElement.TryGetProperty("auths", out var auths))
                return null;
            foreach (var entry in auths.EnumerateObject())
                if (RegistryOf(entry.Name) == registry)
                    return Read(entry.Value);
            return null;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or FormatException
            or IOException or UnauthorizedAccessException)
        {
            log.LogWarning("Logins of {Path} cannot be used: {Reason}", path, failure.Message);
            return null;
        }
    }

    /// <summary>Keys are registries, or URLs of them.</summary>
    private static string RegistryOf(string key)
    {
        if (key == DockerHubKey)
            return ImageReference.DefaultRegistry;
        var scheme = key.IndexOf("://", StringComparison.Ordinal);
        var host = scheme < 0 ? key : key[(scheme + 3)..];
        var slash = host.IndexOf('/');
        host = slash < 0 ? host : host[..slash];
        return host == "index.docker.io" ? ImageReference.DefaultRegistry : host;
    }

    private static RegistryLogin? Read(JsonElement entry)
    {
        if (Text(entry, "registrytoken") is { } token)
            return new RegistryLogin(null, null, token);
        if (Text(entry, "auth") is { } auth
            && Encoding.UTF8.GetString(Convert.FromBase64String(auth)).Split(':', 2) is [var user, var secret])
            return new RegistryLogin(user, secret.TrimEnd('\0'), null);
        return Text(entry, "username") is { } username
            ? new RegistryLogin(username, Text(entry, "password") ?? "", null)
            : null;
    }

    private static string? Text(JsonElement entry, string name) =>
        entry.TryGetProperty(name, out var value) && value.GetString() is { Length: > 0 } text ? text : null;
}
