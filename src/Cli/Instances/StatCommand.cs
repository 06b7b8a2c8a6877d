using System.CommandLine;
using System.Globalization;
using Hypeman.Cli.Invocation;
using Hypeman.Cli.Output;
using Hypeman.Client.Instances;

namespace Hypeman.Cli.Instances;

internal static class StatCommand
{
    public static Command Make(CliHost host)
    {
        var place = new Argument<string>("path") { Description = "INSTANCE:PATH" };
        var follow = new Option<bool>("--follow-links", "-L") { Description = "Look at what a symbolic link points to" };
        return new Command("stat", "Say what a path in a running instance is") { place, follow }.Does(host, async (run, cancellationToken) =>
        {
            if (CopyPlace.Parse(run.Value(place)) is not { Instance: { } instance } at)
                throw new CliException($"'{run.Value(place)}' names no instance.", "Write INSTANCE:PATH.", ExitCode.Usage);
            var info = await run.Fleet.Instances.StatAsync(instance, at.Path, run.Value(follow), cancellationToken);
            if (!info.Exists && !run.Json)
                throw new CliException(info.Error ?? $"There is no {at.Path} in {instance}.", exitCode: ExitCode.NotFound);
            run.Print.Fields(info,
            [
                ("Kind", Kind(info)),
                ("Target", info.LinkTarget),
                ("Mode", info.Mode is { } mode ? Convert.ToString(mode & 0xFFF, 8).PadLeft(4, '0') : null),
                ("Size", info.Size is { } size ? $"{size.ToString(CultureInfo.InvariantCulture)} ({Words.Size(size)})" : null),
                ("Error", info.Error),
            ]);
            return info.Exists ? ExitCode.Done : ExitCode.NotFound;
        });
    }

    private static string Kind(PathInfo info) => info switch
    {
        { IsSymlink: true } => "symbolic link",
        { IsDir: true } => "directory",
        { IsFile: true } => "file",
        _ => "special file",
    };
}
