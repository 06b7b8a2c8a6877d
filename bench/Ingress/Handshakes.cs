using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Hypeman.Bench.Ingress;

/// <summary>Asks for one page over each of many connections, one after the other.</summary>
internal static class Handshakes
{
    private const int Callers = 8;

    /// <returns>Connections a second on which the page came.</returns>
    public static async Task<double> RunAsync(Uri url, bool resumes, TimeSpan time, CancellationToken cancellationToken)
    {
        var options = BenchCertificate.Trusting(url.Host, resumes);
        var began = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(
            async () =>
            {
                var count = 0;
                while (Stopwatch.GetElapsedTime(began) < time)
                {
                    await AskAsync(url, options, cancellationToken);
                    count++;
                }
                return count;
            },
            cancellationToken)));
        return counts.Sum() / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task AskAsync(Uri url, SslClientAuthenticationOptions options, CancellationToken cancellationToken)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, url.Port, cancellationToken);
        await using var tls = new SslStream(new NetworkStream(socket));
        await tls.AuthenticateAsClientAsync(options, cancellationToken);
        await tls.WriteAsync(Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: {url.Host}\r\nConnection: close\r\n\r\n"), cancellationToken);
        using var reader = new StreamReader(tls, Encoding.ASCII);
        var answer = await reader.ReadToEndAsync(cancellationToken);
        if (!answer.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
            throw new InvalidOperationException($"{url} answers {answer.Split('\r')[0]}");
    }
}
