using System.CommandLine;
using System.Globalization;
using Hypeman.Cli.Invocation;

namespace Hypeman.Cli.Certificates;

internal static class CertificateCommands
{
    public static Command Group(CliHost host) => new("certificate", "See the certificates of hostnames") { List(host), Get(host) };

    private static Command List(CliHost host) =>
        new Command("list", "List certificates") { Aliases = { "ls" } }.Does(host, async (run, cancellationToken) =>
        {
            var certificates = await run.Fleet.Certificates.ListAsync(cancellationToken);
            run.Print.List(certificates, ["NAME", "STATE", "ENDS", "NEXT ATTEMPT", "ERROR"], certificate =>
            [
                certificate.Name, certificate.State, Moment(certificate.NotAfter), Moment(certificate.NextAttemptAt), certificate.LastError ?? "",
            ]);
        });

    private static Command Get(CliHost host)
    {
        var name = new Argument<string>("name") { Description = "The hostname" };
        return new Command("get", "Show a certificate") { name }.Does(host, async (run, cancellationToken) =>
        {
            var found = await run.Fleet.Certificates.GetAsync(run.Value(name), cancellationToken);
            run.Print.Fields(found,
            [
                ("Name", found.Name), ("State", found.State), ("Issuer", found.Issuer), ("Ends", Moment(found.NotAfter)),
                ("Next attempt", Moment(found.NextAttemptAt)), ("Error", found.LastError),
            ]);
        });
    }

    private static string Moment(DateTimeOffset? at) => at?.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? "";
}
