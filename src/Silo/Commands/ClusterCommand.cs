using System.CommandLine;
using Hypeman.Silo.Cluster;

namespace Hypeman.Silo.Commands;

/// <summary>Makes what processes of a fleet know each other by. It runs where the CA is kept, and needs no server.</summary>
internal static class ClusterCommand
{
    public static Command Create(Func<ParseResult, Action<TextWriter>, Task<int>> guard)
    {
        var command = new Command("cluster", "Makes what the processes of a fleet know each other by.");
        command.Subcommands.Add(Init(guard));
        command.Subcommands.Add(Issue(guard));
        return command;
    }

    private static Command Init(Func<ParseResult, Action<TextWriter>, Task<int>> guard)
    {
        var directory = Directory("--out", "Directory for the CA; keep it off the fleet's hosts.");
        var command = new Command("init", "Makes the CA of a fleet, and the key of its API tokens. Once for each fleet.") { directory };
        command.SetAction((parsed, _) => guard(parsed, output =>
        {
            var path = parsed.GetValue(directory)!.FullName;
            ClusterAuthority.Create(path, TimeProvider.System);
            output.WriteLine(
                $"Made the CA in {path}. For each process: hypeman-silo cluster issue --ca {path} --name NAME --out DIRECTORY");
        }));
        return command;
    }

    private static Command Issue(Func<ParseResult, Action<TextWriter>, Task<int>> guard)
    {
        var authority = Directory("--ca", "Directory that 'cluster init' made.");
        var name = new Option<string>("--name") { Description = "Name of the process or its host, for people.", Required = true };
        var addresses = new Option<string[]>("--address") { Description = "An IP address or DNS name of its host, for people; may be repeated." };
        var directory = Directory("--out", "Directory for what the process needs; copy it to the process' host.");
        var command = new Command("issue", "Makes the certificate of one process, or a new one in its place.") { authority, name, addresses, directory };
        command.SetAction((parsed, _) => guard(parsed, output =>
        {
            var path = parsed.GetValue(directory)!.FullName;
            using (var opened = ClusterAuthority.Open(parsed.GetValue(authority)!.FullName, TimeProvider.System))
                opened.Issue(parsed.GetValue(name)!, parsed.GetValue(addresses) ?? [], path, ClusterAuthority.MemberLifetime);
            var made = ClusterIdentity.Load(path, TimeProvider.System);
            output.WriteLine(
                $"Made the certificate of {parsed.GetValue(name)} in {path}, good until {made.ExpiresAt:u}. "
                + $"Use it with --cluster-identity {path}");
        }));
        return command;
    }

    private static Option<DirectoryInfo> Directory(string name, string description) =>
        new(name) { Description = description, HelpName = "directory", Required = true };
}
