using Hypeman.Tests.Chaos.Checks;
using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.Chaos.Workload;

/// <summary>Makes calls, and has each one judged by what was broken while it was under way.</summary>
internal sealed class Caller(ManyHosts fleet, Situation situation)
{
    public async Task<Call> SendAsync(
        HttpMethod method, string path, object? body, string gateway, string? target, bool anyNode, CancellationToken cancellationToken)
    {
        var before = situation.Broken;
        var began = situation.Time.GetTimestamp();
        var (status, text) = await TrySendAsync(method, path, body, gateway, cancellationToken);
        var call = new Call
        {
            What = $"{method} {path}",
            Gateway = gateway,
            Target = target,
            AnyNode = anyNode,
            IsWrite = method != HttpMethod.Get,
            Status = status,
            Text = text,
            Elapsed = situation.Time.GetElapsedTime(began),
        };
        situation.Count(refused: !call.IsSuccess);
        if (CallRules.WhyWrong(call, [before?.Fault, situation.Broken?.Fault]) is { } why)
            situation.Violated($"{why}: {call}");
        return call;
    }

    private async Task<(int? Status, string Text)> TrySendAsync(
        HttpMethod method, string path, object? body, string gateway, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await fleet.Api(gateway).SendAsync(method, path, body, cancellationToken);
            return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return (null, error.Message);
        }
    }
}
