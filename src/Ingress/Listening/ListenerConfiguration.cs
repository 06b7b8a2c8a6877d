using Microsoft.Extensions.Configuration;

namespace Hypeman.Ingress.Listening;

/// <summary>
/// The endpoints of our Kestrel, as the configuration it re-reads at run time: a port that appears here is opened, one
/// that disappears is closed, all others keep their connections.
/// </summary>
internal sealed class ListenerConfiguration : ConfigurationProvider, IConfigurationSource
{
    public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

    public void Set(IEnumerable<KeyValuePair<string, string>> urlsByName)
    {
        Data = urlsByName.ToDictionary(
            url => $"Endpoints:{url.Key}:Url", url => (string?)url.Value, StringComparer.OrdinalIgnoreCase);
        OnReload();
    }
}
