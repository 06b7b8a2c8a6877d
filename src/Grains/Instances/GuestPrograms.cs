using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Instances;
using Hypeman.GuestProtocol.Messages;

namespace Hypeman.Grains.Instances;

/// <summary>What the guest runs, from the image and the request, by the rules of <c>docker run</c>.</summary>
internal static class GuestPrograms
{
    // Programs that are made to be process 1 and bring up a whole system.
    private static readonly HashSet<string> InitPrograms =
    [
        "/sbin/init", "/usr/sbin/init", "/bin/systemd", "/usr/bin/systemd",
        "/lib/systemd/systemd", "/usr/lib/systemd/systemd",
    ];

    /// <exception cref="HypemanException"><c>invalid_request</c> when nothing says what to run.</exception>
    public static GuestProgram Resolve(InstanceSpec spec, ImageInfo image)
    {
        // An entrypoint of the request also drops the image's command: it was meant for the image's entrypoint.
        IReadOnlyList<string> arguments = spec.Entrypoint is { } entrypoint
            ? [.. entrypoint, .. spec.Cmd ?? []]
            : [.. image.Entrypoint ?? [], .. spec.Cmd ?? image.Cmd ?? []];
        if (arguments.Count == 0)
            throw HypemanException.Invalid(
                "invalid_request", $"image {image.Name} names no program to run: give entrypoint or cmd");
        return new GuestProgram
        {
            Arguments = arguments,
            Env = Merge(image.Env, spec.Env),
            WorkingDir = image.WorkingDir,
            User = image.User,
            StopSignal = image.StopSignal,
            IsInit = InitPrograms.Contains(arguments[0]),
        };
    }

    private static Dictionary<string, string> Merge(
        IReadOnlyDictionary<string, string> image, IReadOnlyDictionary<string, string> request)
    {
        var env = new Dictionary<string, string>(image);
        foreach (var (name, value) in request)
            env[name] = value;
        return env;
    }
}
