using System.CommandLine;
using Hypeman.Cli.Invocation;
using Hypeman.Cli.Output;
using Hypeman.Client.Ingresses;

namespace Hypeman.Cli.Ingresses;

internal static class IngressCommands
{
    public static Command Group(CliHost host) => new("ingress", "Publish instances under hostnames")
    {
        Create(host), List(host), Get(host), Remove(host),
    };

    private static Command Create(CliHost host)
    {
        var name = new Argument<string>("name") { Description = "Name of the ingress" };
        var from = new Option<string[]>("--host")
        {
            Description = "Hostname or pattern such as '{instance}.example.com', with a port if not 80, or 443 with --tls: HOST[:PORT]",
            Required = true,
        };
        var to = new Option<string[]>("--to")
        {
            Description = "Where its requests go: INSTANCE:PORT; of a pattern, for example '{instance}:80'",
            Required = true,
        };
        var options = new RuleOptions();
        var command = new Command("create", "Lead a hostname to an instance; repeat --host and --to in pairs for more") { name, from, to };
        foreach (var option in options.All)
            command.Add(option);
        return command.Does(host, async (run, cancellationToken) =>
        {
            var (hosts, targets) = (run.Value(from)!, run.Value(to)!);
            if (hosts.Length != targets.Length)
                throw new CliException($"{hosts.Length} --host and {targets.Length} --to do not make pairs.", exitCode: ExitCode.Usage);
            var pairs = hosts.Zip(targets, RuleText.Parse).ToList();
            var rules = pairs.Select(await options.ReadAsync(run, cancellationToken)).ToList();
            var made = await run.Fleet.Ingresses.CreateAsync(new CreateIngress(run.Value(name), rules), cancellationToken);
            run.Print.Resource(made, ingress => ingress.Id);
        });
    }

    private static Command List(CliHost host) =>
        new Command("list", "List ingresses") { Aliases = { "ls" } }.Does(host, async (run, cancellationToken) =>
        {
            var ingresses = await run.Fleet.Ingresses.ListAsync(cancellationToken);
            run.Print.List(ingresses, ["ID", "NAME", "RULES", "AGE"], ingress =>
            [
                ingress.Id, ingress.Name, string.Join(", ", ingress.Rules.Select(RuleText.Write)),
                Words.Age(ingress.CreatedAt, host.Time.GetUtcNow()),
            ]);
        });

    private static Command Get(CliHost host)
    {
        var id = new Argument<string>("ingress") { Description = "Name or id" };
        return new Command("get", "Show an ingress") { id }.Does(host, async (run, cancellationToken) =>
        {
            var found = await run.Fleet.Ingresses.GetAsync(run.Value(id), cancellationToken);
            run.Print.Fields(found, found.Rules.Select(rule => ("Rule", (string?)RuleText.Describe(rule)))
                .Prepend(("Name", found.Name)).Prepend(("Id", found.Id)));
        });
    }

    private static Command Remove(CliHost host)
    {
        var ids = new Argument<string[]>("ingress") { Description = "Names or ids", Arity = ArgumentArity.OneOrMore };
        return new Command("rm", "Remove ingresses") { ids }.Does(host, async (run, cancellationToken) =>
        {
            foreach (var id in run.Value(ids))
                await run.Fleet.Ingresses.DeleteAsync(id, cancellationToken);
        });
    }
}
