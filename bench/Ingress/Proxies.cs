using System.Diagnostics;
using System.Globalization;

namespace Hypeman.Bench.Ingress;

/// <summary>The backend and the proxies, each a process of its own on a port of its own, with as many hostnames.</summary>
internal sealed class Proxies(bool isTls) : IAsyncDisposable
{
    public const int Backend = 9000, Ours = 9001, Caddy = 9002, Nginx = 9003;

    private readonly string _directory = Directory.CreateTempSubdirectory("hypeman-bench-").FullName;
    private readonly List<Process> _processes = [];

    /// <summary>The page of whoever listens on a port.</summary>
    public static Uri Url(int port, bool isTls = false) => new(isTls ? $"https://{Hosts.OfTls}:{port}/" : $"http://127.0.0.1:{port}/");

    public async Task StartAsync(int routes, CancellationToken cancellationToken)
    {
        var hosts = Hosts.Of(routes, isTls);
        if (isTls)
            await BenchCertificate.WriteAsync(hosts[0], Chain, Key);
        StartNginx("backend", $"server {{ listen 127.0.0.1:{Backend}; location / {{ return 200 'hello from the backend\\n'; }} }}");
        StartNginx("nginx", $$"""
            server_names_hash_max_size 65536; server_names_hash_bucket_size 128;
            upstream backend { server 127.0.0.1:{{Backend}}; keepalive 128; }
            {{(isTls ? "" : $"server {{ listen 127.0.0.1:{Nginx} default_server; return 404; }}")}}
            {{string.Join('\n', hosts.Select(NginxServer))}}
            """);
        Start("caddy", ["run", "--adapter", "caddyfile", "--config", Write("Caddyfile", $$"""
            {
              admin off
              auto_https off
              log {
                output discard
              }
            }
            {{string.Join('\n', hosts.Select(CaddySite))}}
            """)]);
        var ours = Start(Environment.ProcessPath!,
        [
            IngressCommand.ServerName, "--port", Text(Ours), "--backend", Text(Backend), "--routes", Text(routes), "--data", Path.Combine(_directory, "ours"),
            .. isTls ? ["--tls"] : Array.Empty<string>(),
        ]);
        while (await ours.StandardOutput.ReadLineAsync(cancellationToken) is { } line && line != IngressProcess.Ready)
            await Console.Error.WriteLineAsync(line);
        await AnswersAsync(Url(Backend), cancellationToken);
        foreach (var port in new[] { Ours, Caddy, Nginx })
            await AnswersAsync(Url(port, isTls), cancellationToken);
    }

    /// <summary>A file that is removed with the proxies; its path.</summary>
    public string Write(string name, string text)
    {
        var path = Path.Combine(_directory, name);
        File.WriteAllText(path, text);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
        Directory.Delete(_directory, recursive: true);
    }

    private string Chain => Path.Combine(_directory, "chain.pem");

    private string Key => Path.Combine(_directory, "key.pem");

    private string NginxServer(string host) => $$"""
        server { listen 127.0.0.1:{{Nginx}} {{(isTls ? NginxTls : "")}}; server_name {{host}};
          location / { proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
            proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme; } }
        """;

    /// <summary>Session tickets are on by default.</summary>
    private string NginxTls =>
        $"ssl; ssl_certificate {Chain}; ssl_certificate_key {Key}; ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:tls:10m";

    private string CaddySite(string host) => $$"""
        {{(isTls ? "https" : "http")}}://{{host}}:{{Caddy}} {
          bind 127.0.0.1
          {{(isTls ? $"tls {Chain} {Key}" : "")}}
          reverse_proxy 127.0.0.1:{{Backend}}
        }
        """;

    private void StartNginx(string name, string http) => Start("nginx", ["-p", _directory, "-e", "stderr", "-c", Write(name + ".conf", $$"""
        daemon off; worker_processes auto; pid {{_directory}}/{{name}}.pid; error_log stderr error;
        events { worker_connections 4096; }
        http { access_log off; keepalive_requests 100000000; client_body_temp_path {{_directory}}/{{name}}-body;
          proxy_temp_path {{_directory}}/{{name}}-proxy; fastcgi_temp_path {{_directory}}/{{name}}-f; uwsgi_temp_path {{_directory}}/{{name}}-u;
          scgi_temp_path {{_directory}}/{{name}}-s;
          {{http}} }
        """)]);

    private Process Start(string program, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        // Caddy keeps things in the home of whoever runs it.
        start.Environment["HOME"] = _directory;
        var process = Process.Start(start)!;
        _processes.Add(process);
        return process;
    }

    private static async Task AnswersAsync(Uri url, CancellationToken cancellationToken)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false, SslOptions = BenchCertificate.Trusting(url.Host) };
        using var client = new HttpClient(handler);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(2));
        while (true)
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, url);
                if (url.Scheme == Uri.UriSchemeHttp)
                    request.Headers.Host = Hosts.Of(0);
                using var answer = await client.SendAsync(request, deadline.Token);
                answer.EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), deadline.Token);
            }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
