using System.CommandLine;
using Hypeman.Cli.Invocation;
using Hypeman.Cli.Output;
using Hypeman.Client.Images;

namespace Hypeman.Cli.Images;

internal static class ImageCommands
{
    private static readonly Option<bool> NoWait = new("--no-wait") { Description = "Return before the image is ready" };

    public static Command Group(CliHost host) => new("image", "Images of the fleet")
    {
        Pull(host), List(host), Get(host), Remove(host), Push(host),
    };

    private static Command Pull(CliHost host)
    {
        var name = new Argument<string>("image") { Description = "For example alpine:3.20 or ghcr.io/you/app@sha256:..." };
        var login = new LoginOptions();
        var command = new Command("pull", "Pull an image from a registry") { name, login.Username, login.PasswordStdin, NoWait };
        return command.Does(host, async (run, cancellationToken) =>
        {
            var wish = new CreateImage(run.Value(name), await login.ReadAsync(run, cancellationToken));
            var image = await run.Fleet.Images.PullAsync(wish, cancellationToken);
            if (!run.Value(NoWait))
                image = await ImageWait.UntilReadyAsync(run, image.Name, absentIsFine: false, cancellationToken);
            run.Print.Resource(image, ready => ready.Name);
        });
    }

    private static Command List(CliHost host) =>
        new Command("list", "List images") { Aliases = { "ls" } }.Does(host, async (run, cancellationToken) =>
        {
            var images = await run.Fleet.Images.ListAsync(cancellationToken);
            run.Print.List(images, ["NAME", "DIGEST", "STATUS", "SIZE", "AGE"], image =>
            [
                image.Name, Short(image.Digest), image.Status, Words.Size(image.SizeBytes),
                Words.Age(image.CreatedAt, host.Time.GetUtcNow()),
            ]);
        });

    private static Command Get(CliHost host)
    {
        var name = new Argument<string>("image") { Description = "Name, or name@digest" };
        return new Command("get", "Show an image") { name }.Does(host, async (run, cancellationToken) =>
        {
            var image = await run.Fleet.Images.GetAsync(run.Value(name), cancellationToken);
            run.Print.Fields(image,
            [
                ("Name", image.Name), ("Digest", image.Digest), ("Status", image.Status), ("Error", image.Error),
                ("Queue", image.QueuePosition?.ToString(System.Globalization.CultureInfo.InvariantCulture)),
                ("Size", Words.Size(image.SizeBytes)), ("Created", image.CreatedAt?.ToString("u")),
            ]);
        });
    }

    private static Command Remove(CliHost host)
    {
        var names = new Argument<string[]>("image") { Description = "Names", Arity = ArgumentArity.OneOrMore };
        return new Command("rm", "Remove images") { names }.Does(host, async (run, cancellationToken) =>
        {
            foreach (var name in run.Value(names))
                await run.Fleet.Images.DeleteAsync(name, cancellationToken);
        });
    }

    private static Command Push(CliHost host)
    {
        var source = new Argument<string>("source") { Description = "OCI layout folder, or a tar archive of one" };
        var name = new Argument<string>("name") { Description = "REPOSITORY[:TAG] in the fleet's registry" };
        var command = new Command("push", "Push an image into the fleet's registry") { source, name, NoWait };
        return command.Does(host, async (run, cancellationToken) =>
        {
            using var layout = OciLayout.Open(run.Value(source));
            var pushed = await run.Print.WhileAsync("Pushing", say => run.Fleet.Registry.PushAsync(
                layout, run.Value(name),
                at => say($"Pushing blob {at.Blob} of {at.Blobs}: {Words.Size(at.SentBytes)} of {Words.Size(at.TotalBytes)}"),
                cancellationToken));
            if (run.Value(NoWait))
            {
                run.Print.Line(run.Json ? $$"""{"name": "{{pushed}}"}""" : pushed);
                return;
            }
            var image = await ImageWait.UntilReadyAsync(run, pushed, absentIsFine: true, cancellationToken);
            run.Print.Resource(image, ready => ready.Name);
        });
    }

    private static string Short(string digest) => digest.Length > 19 ? digest[..19] : digest;
}
