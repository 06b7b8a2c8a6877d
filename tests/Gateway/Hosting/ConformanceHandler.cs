namespace Hypeman.Tests.Gateway.Hosting;

/// <summary>Checks every answer of the API against openapi.yaml, whatever the test looks at.</summary>
public sealed class ConformanceHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private readonly ApiSchema _schema = ApiSchema.Load();

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (request.Method == HttpMethod.Head || response.Content.Headers.ContentType?.MediaType != "application/json")
            return response;
        await response.Content.LoadIntoBufferAsync(cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        var problems = _schema.Check(request.Method.Method, request.RequestUri!.AbsolutePath, (int)response.StatusCode, body);
        Assert.True(problems.Count == 0,
            $"{request.Method} {request.RequestUri.AbsolutePath} answered {response.StatusCode} with {body}: {string.Join("; ", problems)}");
        return response;
    }
}
