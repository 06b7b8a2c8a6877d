using System.Buffers;
using System.IO.Pipelines;
using Hypeman.Certificates.Acme;
using Hypeman.Ingress.Certificates;
using Hypeman.Ingress.Routing;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace Hypeman.Ingress.Listening;

/// <summary>
/// Looks at the first bytes of each connection: one that begins with a TLS handshake is led through TLS, with the certificate of
/// the hostname that it names, any other is HTTP in the clear. So a port can have rules of both kinds.
/// </summary>
internal sealed class TlsDoor(CertificateDesk desk, TimeProvider time, ILogger<TlsDoor> logger)
{
    /// <summary>A fatal alert: unrecognized_name (RFC 6066, section 3).</summary>
    private static readonly byte[] UnrecognizedName = [21, 3, 3, 0, 2, 2, 112];

    /// <param name="endPoint">Whose connections pass.</param>
    /// <param name="rulePort">The port of the rules that are served there.</param>
    public void Install(ListenOptions endPoint, Func<ConnectionContext, int> rulePort)
    {
        ConnectionDelegate? clear = null;
        endPoint.Use(tls => connection => EnterAsync(connection, rulePort(connection), tls, clear!));
        endPoint.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = Limits.Handshake,
            OnConnection = context => ValueTask.FromResult(context.Connection.Features.Get<ServedCertificate>()!.Options),
        });
        // What comes after TLS, for those that do without.
        endPoint.Use(http => clear = http);
    }

    private async Task EnterAsync(ConnectionContext connection, int rulePort, ConnectionDelegate tls, ConnectionDelegate clear)
    {
        var input = connection.Transport.Input;
        if (await FirstAsync(input, connection) is not { } first)
            return;
        if (first != ClientHello.FirstByte)
        {
            await clear(connection);
            return;
        }
        if (await ReceiveAsync(connection, rulePort) is not { } served)
            return;
        connection.Features.Set(served);
        await tls(connection);
    }

    /// <summary>The first byte, which is left where it is; null when none comes.</summary>
    private async Task<byte?> FirstAsync(PipeReader input, ConnectionContext connection)
    {
        using var deadline = new CancellationTokenSource(Limits.KeepAlive, time);
        var isAskedToEnd = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, connection.ConnectionClosed, isAskedToEnd);
        try
        {
            var read = await input.ReadAsync(enough.Token);
            byte? first = read.Buffer.IsEmpty ? null : read.Buffer.FirstSpan[0];
            input.AdvanceTo(read.Buffer.Start);
            return first;
        }
        catch (Exception gone) when (gone is OperationCanceledException or ConnectionResetException or ConnectionAbortedException)
        {
            return null;
        }
    }

    /// <summary>What to show to who says hello; null when that is nothing, and the caller knows.</summary>
    private async Task<ServedCertificate?> ReceiveAsync(ConnectionContext connection, int rulePort)
    {
        using var deadline = new CancellationTokenSource(Limits.Handshake, time);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, connection.ConnectionClosed);
        try
        {
            var hello = await HelloAsync(connection.Transport.Input, enough.Token);
            // The deadline is for what the caller has to do; how long it may have to wait for a certificate is bounded elsewhere.
            deadline.CancelAfter(Timeout.InfiniteTimeSpan);
            if (hello is null)
                return null;
            if (await FindAsync(hello, rulePort, enough.Token) is { } served)
                return served;
            await connection.Transport.Output.WriteAsync(UnrecognizedName, enough.Token);
        }
        catch (Exception bad) when (bad is FormatException or OperationCanceledException or IOException or ConnectionAbortedException)
        {
            logger.LogDebug("A TLS handshake did not begin: {Reason}", bad.Message);
        }
        return null;
    }

    private async ValueTask<ServedCertificate?> FindAsync(ClientHello hello, int rulePort, CancellationToken cancellationToken)
    {
        var host = Hostname.Normalize(hello.ServerName ?? "");
        if (host.Length == 0)
            return null;
        return hello.Protocols is [AlpnCertificate.Protocol]
            ? await desk.FindProofAsync(host, cancellationToken)
            : await desk.FindAsync(host, rulePort, cancellationToken);
    }

    /// <summary>The hello, which is left where it is; null when the caller leaves.</summary>
    private static async Task<ClientHello?> HelloAsync(PipeReader input, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancellationToken);
            ClientHello? hello;
            try
            {
                if (!ClientHello.TryRead(read.Buffer, out hello) && !read.IsCompleted && read.Buffer.Length <= 2 * ClientHello.MostBytes)
                {
                    input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    continue;
                }
            }
            catch (FormatException)
            {
                input.AdvanceTo(read.Buffer.Start);
                throw;
            }
            input.AdvanceTo(read.Buffer.Start);
            return hello;
        }
    }
}
