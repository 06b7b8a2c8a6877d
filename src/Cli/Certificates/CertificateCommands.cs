using System.CommandLine;
using System.Globalization;
using Hypeman.Cli.Invocation;

namespace Hypeman.Cli.Certificates;

internal static class CertificateCommands
{
    public static Command Group(CliHost host) => new("certificate", "See the certificates of hostnames, and have them renewed")
    {
        List(host), Get(host), Renew(host),
    };

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

    private static Command Renew(CliHost host)
    {
        var names = new Argument<string[]>("name") { Description = "Hostnames", Arity = ArgumentArity.OneOrMore };
        return new Command("renew", "Have certificates issued anew now; the present ones are in use until then") { names }
            .Does(host, async (run, cancellationToken) =>
            {
                foreach (var name in run.Value(names))
                    run.Print.Resource(await run.Fleet.Certificates.RenewAsync(name, cancellationToken), certificate => certificate.Name);
            });
    }

    private static string Moment(DateTimeOffset? at) => at?.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? "";
}
