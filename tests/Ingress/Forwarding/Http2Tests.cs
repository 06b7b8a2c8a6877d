using System.Net;
using System.Net.WebSockets;
using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Ingress.Fakes;
using Hypeman.Tests.Testing;
using Microsoft.AspNetCore.Http;

namespace Hypeman.Tests.Ingress.Forwarding;

/// <summary>HTTP/2 from the caller, and where it needs it also to the instance.</summary>
public sealed class Http2Tests
{
    private const string Host = "web.example.com";

    private const string Server = """
        import grpc, sys
        from concurrent import futures
        def upper(request, context):
            context.set_trailing_metadata((("said-by", "guest"),))
            return request.upper()
        def each(requests, context):
            for request in requests:
                yield request.upper()
        def refuse(request, context):
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not today")
        server = grpc.server(futures.ThreadPoolExecutor(4))
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", {
            "Upper": grpc.unary_unary_rpc_method_handler(upper),
            "Each": grpc.stream_stream_rpc_method_handler(each),
            "Refuse": grpc.unary_unary_rpc_method_handler(refuse)}),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        print(port, flush=True)
        server.wait_for_termination()
        """;

    /// <summary>Each answer of a stream is waited for before the next question: nothing may be held back on the way.</summary>
    private const string Client = """
        import grpc, queue, sys
        port, root = sys.argv[1], open(sys.argv[2], "rb").read()
        channel = grpc.secure_channel(f"127.0.0.1:{port}", grpc.ssl_channel_credentials(root),
            (("grpc.ssl_target_name_override", "web.example.com"), ("grpc.default_authority", "web.example.com")))
        answer, call = channel.unary_unary("/test.Echo/Upper").with_call(b"hello", timeout=20)
        print(answer.decode(), dict(call.trailing_metadata())["said-by"])
        questions = queue.Queue()
        answers = channel.stream_stream("/test.Echo/Each")(iter(questions.get, None), timeout=20)
        for word in (b"one", b"two", b"x" * 1000000):
            questions.put(word)
            answer = next(answers)
            print(answer.decode() if len(answer) < 10 else len(answer))
        questions.put(None)
        try:
            channel.unary_unary("/test.Echo/Refuse")(b"", timeout=20)
        except grpc.RpcError as error:
            print(error.code().name, error.details())
        """;

    [Fact]
    public async Task A_gRPC_client_calls_a_gRPC_server_in_an_instance_with_streams_trailers_and_statuses()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.PathOf("root.pem"), Fakes.Certificates.Authority.ExportCertificatePem());
        using var server = await PythonAsync(folder, Server);
        var port = int.Parse(await FirstLineAsync(folder.PathOf("out")), System.Globalization.CultureInfo.InvariantCulture);
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishTlsAsync(Host, port);
        await (await TlsHarness.ConnectAsync(ingress.TlsPort, default)).DisposeAsync();

        string said;
        try
        {
            said = await new Command("/usr/bin/python3", "-c", Client, $"{ingress.TlsPort}", folder.PathOf("root.pem")).RunAsync(default);
        }
        finally
        {
            server.Kill(ProcessSignal.Kill);
            await server.Exited;
        }

        Assert.Equal(["HELLO guest", "ONE", "TWO", "1000000", "FAILED_PRECONDITION not today"], said.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Many_requests_of_one_connection_are_answered_each_by_its_own()
    {
        await using var backend = await Backend.StartAsync(context => context.Response.WriteAsync($"{context.Request.Protocol} {context.Request.Path}"));
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishTlsAsync(Host, backend.Port);
        using var client = ingress.TlsClient(Host);

        var texts = await Task.WhenAll(Enumerable.Range(0, 100).Select(async number =>
        {
            var response = await client.SendAsync(Http2($"https://{Host}/{number}"), default);
            return (response.Version, await response.Content.ReadAsStringAsync());
        }));

        Assert.Equal(Enumerable.Range(0, 100).Select(number => (HttpVersion.Version20, $"HTTP/1.1 /{number}")), texts);
    }

    [Fact]
    public async Task Real_load_by_HTTP_2_is_answered_in_full()
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishTlsAsync(Host, backend.Port);
        await (await TlsHarness.ConnectAsync(ingress.TlsPort, default)).DisposeAsync();

        var said = await new Command("h2load", "-n", "2000", "-c", "4", "-m", "20", $"--connect-to=127.0.0.1:{ingress.TlsPort}", $"https://{Host}/")
            .RunAsync(default);

        Assert.Contains("2000 succeeded, 0 failed, 0 errored, 0 timeout", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_web_socket_over_HTTP_2_reaches_an_instance_that_knows_only_upgrades()
    {
        await using var backend = await Backend.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, default);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
        });
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishTlsAsync(Host, backend.Port);
        using var client = ingress.TlsClient(Host);
        using var socket = new ClientWebSocket();
        socket.Options.HttpVersion = HttpVersion.Version20;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;

        await socket.ConnectAsync(new Uri($"wss://{Host}/"), client, default);

        var buffer = new byte[100];
        var got = await socket.ReceiveAsync(buffer, default);
        Assert.Equal("hello", System.Text.Encoding.UTF8.GetString(buffer, 0, got.Count));
    }

    private static HttpRequestMessage Http2(string url) => new(HttpMethod.Get, url)
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private static async Task<ProcessHandle> PythonAsync(TemporaryFolder folder, string script)
    {
        var request = new SpawnRequest { Program = "/usr/bin/python3", Arguments = ["-c", script], OutputPath = folder.PathOf("out") };
        return ProcessHandle.Open(await Spawner.StartAsync(request))!;
    }

    private static async Task<string> FirstLineAsync(string file)
    {
        await Until.True(() => File.Exists(file) && File.ReadAllText(file).Contains('\n'), TimeSpan.FromSeconds(30), "the program says something");
        return File.ReadLines(file).First();
    }
}
