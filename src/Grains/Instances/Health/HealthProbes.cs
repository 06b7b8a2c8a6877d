using System.Text;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Grains.Instances.Health;

/// <summary>Asks an instance once. What it answers is a stranger's: little of it is read, and none of it is followed.</summary>
internal static class HealthProbes
{
    private const int MostHeaderKilobytes = 16, MostOutputBytes = 200;

    /// <summary>What is wrong; null: nothing.</summary>
    /// <exception cref="Exception">It could not be asked, which is wrong too.</exception>
    public static Task<string?> RunAsync(IVmHost vms, string id, HealthCheck check, CancellationToken cancellationToken) => check switch
    {
        { Http: { } http } => HttpAsync(vms, id, http, cancellationToken),
        { Tcp: { } tcp } => TcpAsync(vms, id, tcp, cancellationToken),
        { Exec: { } exec } => ExecAsync(vms, id, exec, cancellationToken),
        _ => Task.FromResult<string?>(null),
    };

    private static async Task<string?> TcpAsync(IVmHost vms, string id, TcpProbe probe, CancellationToken cancellationToken)
    {
        await using var connection = await vms.ConnectAsync(id, probe.Port, keepsAwake: false, cancellationToken);
        return null;
    }

    // The answer's status is all that is read; its body is cut off.
    private static async Task<string?> HttpAsync(IVmHost vms, string id, HttpProbe probe, CancellationToken cancellationToken)
    {
        using var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            MaxResponseHeadersLength = MostHeaderKilobytes,
            MaxResponseDrainSize = 0,
            ConnectCallback = (_, token) => vms.ConnectAsync(id, probe.Port, keepsAwake: false, token),
        };
#pragma warning disable CA5359 // An instance has no name that a certificate could be for, and the way to it is ours.
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        using var client = new HttpMessageInvoker(handler);
        var place = new Uri($"{(probe.IsSecure ? "https" : "http")}://{vms.Find(id)?.Ip ?? "instance"}:{probe.Port}{probe.Path}");
        using var request = new HttpRequestMessage(HttpMethod.Get, place);
        request.Headers.Add("User-Agent", "hypeman-health-check");
        request.Headers.ConnectionClose = true;
        using var answer = await client.SendAsync(request, cancellationToken);
        var status = (int)answer.StatusCode;
        return status == probe.ExpectedStatus ? null : $"status {status}, not {probe.ExpectedStatus}";
    }

    private static async Task<string?> ExecAsync(IVmHost vms, string id, ExecProbe probe, CancellationToken cancellationToken)
    {
        var request = new ExecRequest { Command = probe.Command, Cwd = probe.WorkingDirectory };
        await using var session = await vms.OpenGuestAsync(id, request, keepsAwake: false, cancellationToken);
        await session.EndAsync(cancellationToken);
        var output = new MemoryStream();
        await foreach (var reply in session.ReadAllAsync(cancellationToken))
            switch (reply)
            {
                case DataReply data:
                    output.Write(data.Bytes.Span[..Math.Min(data.Bytes.Length, MostOutputBytes - (int)output.Length)]);
                    break;
                case ExitReply { ExitCode: 0 }:
                    return null;
                case ExitReply exit:
                    return $"exit code {exit.ExitCode}: {Encoding.UTF8.GetString(output.ToArray()).Trim()}".TrimEnd(':', ' ');
                case FailedReply failed:
                    return failed.Message;
            }
        return "the command did not say how it ended";
    }
}
