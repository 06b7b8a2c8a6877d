namespace Hypeman.Grains.Ingresses;

/// <summary>The hostname of the API itself, which no rule may take.</summary>
/// <param name="Name">In lower case; empty: there is none.</param>
/// <param name="HasTls">It has a certificate, as those of rules do.</param>
public sealed record ReservedHostname(string Name = "", bool HasTls = false);
