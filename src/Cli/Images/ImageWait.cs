using Hypeman.Cli.Invocation;
using Hypeman.Client.Images;

namespace Hypeman.Cli.Images;

/// <summary>Waits for an image, showing where it is.</summary>
internal static class ImageWait
{
    /// <summary>A push that nobody took in after this long never will be.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    /// <exception cref="CliException">The image failed, or is still not ready after 15 minutes.</exception>
    public static async Task<Image> UntilReadyAsync(Run run, string name, bool absentIsFine, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Patience, run.Host.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var image = await run.Print.WhileAsync($"Waiting for {name}", say => run.Fleet.Images.WaitAsync(
                name, absentIsFine, run.Host.Time, at => say($"{name}: {at.Status}{Queue(at)}"), both.Token));
            return image.Status == "ready"
                ? image
                : throw new CliException($"{name} could not be made ready: {image.Error ?? "the server gives no reason"}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CliException(
                $"{name} was not ready after {Patience.TotalMinutes:0} minutes.", $"'hypeman image get {name}' says where it is.",
                ExitCode.TimedOut);
        }
    }

    private static string Queue(Image image) => image.QueuePosition is { } position ? $" (number {position} in the queue)" : "";
}
