using Hypeman.Certificates.Acme;
using Hypeman.Certificates.Issuance;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Silo.Certificates;

/// <summary>
/// Publishes DNS records through an operator's program: <c>PROGRAM present NAME VALUE</c> returns when the TXT record can be seen,
/// <c>PROGRAM cleanup NAME VALUE</c> removes it.
/// </summary>
internal sealed class DnsHook(string program, TimeSpan patience) : IDnsPublisher
{
    public Task PresentAsync(string name, string value, CancellationToken cancellationToken) => RunAsync("present", name, value, cancellationToken);

    public Task CleanUpAsync(string name, string value, CancellationToken cancellationToken) => RunAsync("cleanup", name, value, cancellationToken);

    private async Task RunAsync(string verb, string name, string value, CancellationToken cancellationToken)
    {
        try
        {
            await new Command(program, verb, name, value) { Timeout = patience }.RunAsync(cancellationToken);
        }
        catch (Exception error) when (error is CommandException or NodeException)
        {
            throw new IssuanceException($"acme.dns_hook could not {verb} {name}: {error.Message}", inner: error);
        }
    }
}
