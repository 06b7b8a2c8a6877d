using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Hypeman.Tests.Certificates.Acme;

/// <summary>An ACME server that checks what it is sent and misbehaves as it is told. It looks for no proof: it asks the test.</summary>
internal sealed class ScriptedAcme : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HashSet<string> _nonces = [];
    private readonly ECDsa _authority = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private string? _chain;

    private ScriptedAcme(WebApplication app) => _app = app;

    public Uri Directory => new(_app.Urls.First() + "/directory");

    /// <summary>Challenges it offers.</summary>
    public string[] Offers { get; set; } = ["http-01", "tls-alpn-01", "dns-01"];

    /// <summary>Looked at when a challenge is to be checked: whether the proof is there. By type.</summary>
    public Func<string, bool> Proven { get; set; } = _ => true;

    /// <summary>Asked before each request; an answer instead of its own.</summary>
    public Func<string, (int Status, string Type, string Detail)?> Instead { get; set; } = _ => null;

    /// <summary>How often an order is looked at until it is valid.</summary>
    public int LooksUntilValid { get; set; } = 1;

    /// <summary>Makes a certificate of another key than was asked for.</summary>
    public bool UsesAnotherKey { get; set; }

    public bool WantsExternalAccount { get; set; }

    public List<string> Requests { get; } = [];

    public JsonObject? Account { get; private set; }

    public JsonObject? AccountKey { get; private set; }

    public string? Tried { get; private set; }

    public static async Task<ScriptedAcme> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var server = new ScriptedAcme(app);
        app.Run(server.AnswerAsync);
        await app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        _authority.Dispose();
        await _app.DisposeAsync();
    }

    private string Url(string path) => _app.Urls.First() + path;

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        var nonce = Guid.NewGuid().ToString("n");
        lock (_nonces)
            _nonces.Add(nonce);
        if (path != "/directory")
            context.Response.Headers["Replay-Nonce"] = nonce;
        lock (Requests)
            Requests.Add(path);
        if (Instead(path) is var (status, type, detail) && type is not null)
        {
            await ProblemAsync(context, status, type, detail);
            return;
        }
        if (path is "/directory" or "/nonce")
        {
            if (path == "/directory")
                await JsonAsync(context, 200, DirectoryJson());
            return;
        }
        var body = JsonNode.Parse(await new StreamReader(context.Request.Body).ReadToEndAsync())!.AsObject();
        var head = JsonNode.Parse(Base64Url.DecodeFromChars((string)body["protected"]!))!.AsObject();
        if (!TakeNonce((string)head["nonce"]!))
            await ProblemAsync(context, 400, "badNonce", "the nonce is used up");
        else if (context.Request.ContentType != "application/jose+json" || (string)head["url"]! != Url(path) || !IsSigned(body, head))
            await ProblemAsync(context, 400, "malformed", "the request is not signed as it must be");
        else
            await AnswerAsync(context, path, Encoding.UTF8.GetString(Base64Url.DecodeFromChars((string)body["payload"]!)));
    }

    private async Task AnswerAsync(HttpContext context, string path, string payload)
    {
        switch (path)
        {
            case "/account":
                Account = JsonNode.Parse(payload)!.AsObject();
                context.Response.Headers.Location = Url("/account/1");
                await JsonAsync(context, 201, """{"status":"valid"}""");
                break;
            case "/order":
                context.Response.Headers.Location = Url("/order/1");
                await JsonAsync(context, 201, OrderJson("pending"));
                break;
            case "/authorization":
                await JsonAsync(context, 200, AuthorizationJson());
                break;
            case "/order/1/finalize":
                Issue(JsonNode.Parse(payload)!["csr"]!.ToString());
                await JsonAsync(context, 200, OrderJson("processing"));
                break;
            case "/order/1":
                context.Response.Headers.RetryAfter = "1";
                await JsonAsync(context, 200, OrderJson(--LooksUntilValid <= 0 ? "valid" : "processing"));
                break;
            case "/certificate":
                context.Response.ContentType = "application/pem-certificate-chain";
                await context.Response.WriteAsync(_chain!);
                break;
            default:
                Tried = path[(path.LastIndexOf('/') + 1)..];
                await JsonAsync(context, 200, ChallengeJson(Tried, "processing"));
                break;
        }
    }

    private bool TakeNonce(string nonce)
    {
        lock (_nonces)
            return _nonces.Remove(nonce);
    }

    private bool IsSigned(JsonObject body, JsonObject head)
    {
        if (head["jwk"] is JsonObject jwk)
            AccountKey = jwk.DeepClone().AsObject();
        else if ((string?)head["kid"] != Url("/account/1"))
            return false;
        using var key = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = Base64Url.DecodeFromChars((string)AccountKey!["x"]!), Y = Base64Url.DecodeFromChars((string)AccountKey["y"]!) },
        });
        return key.VerifyData(
            Encoding.ASCII.GetBytes($"{body["protected"]}.{body["payload"]}"), Base64Url.DecodeFromChars((string)body["signature"]!), HashAlgorithmName.SHA256);
    }

    private void Issue(string csr)
    {
        var request = CertificateRequest.LoadSigningRequest(
            Base64Url.DecodeFromChars(csr), HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions);
        if (UsesAnotherKey)
        {
            var other = new CertificateRequest("CN=other", _authority, HashAlgorithmName.SHA256);
            request.CertificateExtensions.ToList().ForEach(other.CertificateExtensions.Add);
            request = other;
        }
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.Create(
            new X500DistinguishedName("CN=Scripted"), X509SignatureGenerator.CreateForECDsa(_authority), now.AddDays(-1), now.AddDays(90), [1, 2, 3]);
        _chain = certificate.ExportCertificatePem() + "\n";
    }

    private string DirectoryJson() => $$"""
        {"newNonce":"{{Url("/nonce")}}","newAccount":"{{Url("/account")}}","newOrder":"{{Url("/order")}}",
         "meta":{"externalAccountRequired":{{(WantsExternalAccount ? "true" : "false")}}} }
        """;

    private string OrderJson(string status) => $$"""
        {"status":"{{status}}","authorizations":["{{Url("/authorization")}}"],"finalize":"{{Url("/order/1/finalize")}}",
         "certificate":"{{Url("/certificate")}}"}
        """;

    private string AuthorizationJson()
    {
        var status = Tried is null ? "pending" : Proven(Tried) ? "valid" : "invalid";
        var challenges = string.Join(',', Offers.Select(type => ChallengeJson(type, type == Tried ? status : "pending")));
        return $$"""{"status":"{{status}}","challenges":[{{challenges}}]}""";
    }

    private string ChallengeJson(string type, string status) => $$"""
        {"type":"{{type}}","url":"{{Url("/challenge/" + type)}}","status":"{{status}}","token":"token-{{type}}"
         {{(status == "invalid" ? """,  "error":{"type":"urn:ietf:params:acme:error:connection","detail":"nobody answers on the port"}""" : "")}} }
        """;

    private static Task ProblemAsync(HttpContext context, int status, string type, string detail)
    {
        if (type == "rateLimited")
            context.Response.Headers.RetryAfter = "3600";
        return JsonAsync(context, status, JsonSerializer.Serialize(new { type = "urn:ietf:params:acme:error:" + type, detail }), "application/problem+json");
    }

    private static Task JsonAsync(HttpContext context, int status, string json, string type = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        return context.Response.WriteAsync(json);
    }
}
