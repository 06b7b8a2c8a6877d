using System.CommandLine;
using Hypeman.Cli.Invocation;
using Hypeman.Cli.Output;
using Hypeman.Client.Instances;

namespace Hypeman.Cli.Instances;

/// <summary>
/// Copies as <c>docker cp</c> does: into a directory that exists under the source's name, else to the path given;
/// <c>DIR/.</c> copies what is inside.
/// </summary>
internal static class CopyCommand
{
    public static Command Make(CliHost host)
    {
        var source = new Argument<string>("source") { Description = "PATH or INSTANCE:PATH" };
        var target = new Argument<string>("target") { Description = "INSTANCE:PATH or PATH" };
        var follow = new Option<bool>("--follow-links", "-L") { Description = "Copy what symbolic links in the instance point to" };
        return new Command("cp", "Copy files to or from a running instance") { source, target, follow }.Does(host, async (run, cancellationToken) =>
        {
            var (from, to) = (CopyPlace.Parse(run.Value(source)), CopyPlace.Parse(run.Value(target)));
            switch (from.Instance, to.Instance)
            {
                case (null, { } instance):
                    await run.Print.WhileAsync($"Copying to {instance}", say => UploadAsync(run, from.Path, instance, to.Path, say, cancellationToken));
                    break;
                case ({ } instance, null):
                    await run.Print.WhileAsync($"Copying from {instance}",
                        say => DownloadAsync(run, instance, from.Path, to.Path, run.Value(follow), say, cancellationToken));
                    break;
                default:
                    throw new CliException("One side of a copy must be in an instance, the other here.", "Write it like web:/etc/hosts.", ExitCode.Usage);
            }
        });
    }

    private static async Task<bool> UploadAsync(
        Run run, string path, string instance, string guestPath, Action<string> say, CancellationToken cancellationToken)
    {
        var files = run.Fleet.Instances.Files(instance);
        if (File.Exists(path))
        {
            var into = guestPath.EndsWith('/') ? guestPath + Path.GetFileName(path) : guestPath;
            await UploadFileAsync(files, new FileInfo(path), into, Path.GetFileName(path), say, cancellationToken);
            return true;
        }
        if (!Directory.Exists(path))
            throw new CliException($"There is no {path} here.");

        var contentsOnly = path.EndsWith("/.", StringComparison.Ordinal);
        var folder = new DirectoryInfo(path);
        if (!contentsOnly && (await run.Fleet.Instances.StatAsync(instance, guestPath, followLinks: true, cancellationToken)).IsDir)
            guestPath = $"{guestPath.TrimEnd('/')}/{folder.Name}";
        await UploadFolderAsync(run, files, folder, guestPath, say, cancellationToken);
        return true;
    }

    private static async Task UploadFolderAsync(
        Run run, InstanceFiles files, DirectoryInfo folder, string guestPath, Action<string> say, CancellationToken cancellationToken)
    {
        await files.MakeDirectoryAsync(guestPath, ModeOf(folder), cancellationToken);
        foreach (var entry in folder.EnumerateFileSystemInfos().OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            var into = $"{guestPath.TrimEnd('/')}/{entry.Name}";
            // The protocol carries no links: a link to a file goes as the file, a link to a folder could go on for ever.
            if (entry is DirectoryInfo { LinkTarget: not null } || (entry.LinkTarget is not null && !File.Exists(entry.FullName)))
                run.Print.Note($"hypeman: left out {entry.FullName}: a symbolic link that leads to no file");
            else if (entry is DirectoryInfo inner)
                await UploadFolderAsync(run, files, inner, into, say, cancellationToken);
            else
                await UploadFileAsync(files, (FileInfo)entry, into, null, say, cancellationToken);
        }
    }

    private static async Task UploadFileAsync(
        InstanceFiles files, FileInfo file, string guestPath, string? baseName, Action<string> say, CancellationToken cancellationToken)
    {
        await using var content = file.OpenRead();
        var total = Words.Size(content.Length);
        await files.WriteAsync(
            guestPath, baseName, ModeOf(file), content, sent => say($"{file.Name}: {Words.Size(sent)} of {total}"), cancellationToken);
    }

    private static async Task<bool> DownloadAsync(
        Run run, string instance, string guestPath, string path, bool followLinks, Action<string> say, CancellationToken cancellationToken)
    {
        var info = await run.Fleet.Instances.StatAsync(instance, guestPath, followLinks: true, cancellationToken);
        if (!info.Exists)
            throw new CliException(info.Error ?? $"There is no {guestPath} in {instance}.", exitCode: ExitCode.NotFound);
        var name = guestPath.TrimEnd('/').Split('/')[^1];
        var contentsOnly = name == ".";
        var target = !contentsOnly && Directory.Exists(path) && name.Length > 0 ? Path.Combine(path, name) : path;
        if (Path.GetDirectoryName(Path.GetFullPath(target)) is { } parent && !Directory.Exists(parent))
            throw new CliException($"There is no folder {parent} here.", "Make it first, or copy somewhere else.");

        var tree = new LocalTree(target, info.IsDir);
        await run.Fleet.Instances.Files(instance).ReadAsync(guestPath, followLinks, entry =>
        {
            say(entry.IsDirectory ? entry.Path : $"{entry.Path}: {Words.Size(entry.Size)}");
            return tree.Open(entry);
        }, cancellationToken);
        tree.Finish();
        return true;
    }

    private static uint ModeOf(FileSystemInfo entry) => (uint)entry.UnixFileMode & 0b111_111_111;
}
