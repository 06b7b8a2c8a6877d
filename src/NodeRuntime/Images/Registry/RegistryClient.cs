using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Hypeman.NodeRuntime.Images.Registry;

/// <summary>Speaks the pull half of the OCI distribution protocol.</summary>
internal sealed class RegistryClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly ImageOptions _options;
    private readonly RegistryTransport _transport;
    private readonly DockerConfig _logins;

    public RegistryClient(IOptions<ImageOptions> options, TimeProvider clock, ILogger<RegistryClient> log)
    {
        _options = options.Value;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            ConnectTimeout = _options.RegistryTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestHeaders = { { "User-Agent", "hypeman" } },
        };
        _transport = new RegistryTransport(_http, _options.RegistryTimeout, clock);
        _logins = new DockerConfig(_options.DockerConfigFile, log);
    }

    /// <param name="reference">Whose repository.</param>
    /// <param name="login">Null takes that of Docker's config file, if there is one.</param>
    public RegistrySession Open(ImageReference reference, RegistryLogin? login) => new(
        _transport,
        RegistryEndpoint.Of(reference.Registry, _options.InsecureRegistries),
        reference,
        login ?? _logins.Find(reference.Registry));

    public void Dispose() => _http.Dispose();
}
