using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.Chaos.Workload;

/// <summary>An instance that nobody touches: one on each node, with a page behind an ingress.</summary>
/// <param name="Member">The node that it is on.</param>
/// <param name="Id">Of the instance.</param>
internal sealed record Anchor(string Member, string Id)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string[] Shell = ["/bin/sh", "-c"];

    public string Hostname => HostnameOf(Member);

    public string Page => $"from {Member}\n";

    /// <summary>Makes it, and waits until its page is seen.</summary>
    public static async Task<Anchor> MakeAsync(ManyHosts fleet, string member, string image, CancellationToken cancellationToken)
    {
        var api = fleet.Api("c1");
        var script = $"mkdir -p /www && echo from {member} > /www/index.html && exec httpd -f -p 8080 -h /www";
        var made = await api.PostAsync("/instances", new
        {
            name = $"anchor-{member}", image, size = "128MB", overlay_size = "512MB", vcpus = 1, entrypoint = Shell,
            cmd = Enumerable.Repeat(script, 1), placement = new { node = member },
        }, cancellationToken);
        var rule = new { match = new { hostname = HostnameOf(member), port = 80 }, target = new { instance = $"anchor-{member}", port = 8080 } };
        await api.PostAsync("/ingresses", new { name = $"anchor-{member}", rules = new[] { rule } }, cancellationToken);
        var anchor = new Anchor(member, made.GetProperty("id").GetString()!);
        foreach (var ingress in fleet.Nodes)
            await Until.True(
                async () => await anchor.FetchAsync(fleet, ingress, cancellationToken) is null, Patience, $"{ingress} shows the page of {member}");
        return anchor;
    }

    /// <summary>Fetches the page through the ingress of a member.</summary>
    /// <returns>What was wrong; null when it was right.</returns>
    public async Task<string?> FetchAsync(ManyHosts fleet, string ingress, CancellationToken cancellationToken)
    {
        try
        {
            using var page = await fleet.Api("c1").PageAsync(Hostname, $"{ManyHosts.AddressOf(ingress)}:80", cancellationToken);
            var text = await page.Content.ReadAsStringAsync(cancellationToken);
            return page.IsSuccessStatusCode && text == Page ? null : $"{(int)page.StatusCode} {text[..Math.Min(text.Length, 120)]}";
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return error.Message;
        }
    }

    private static string HostnameOf(string member) => $"anchor-{member}.test";
}
