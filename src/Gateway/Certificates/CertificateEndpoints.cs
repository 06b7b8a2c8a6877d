using Hypeman.Contracts;
using Hypeman.Contracts.Certificates;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Gateway.Requests;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Hypeman.Gateway.Certificates;

/// <summary>Certificates of hostnames, which come and go with the rules that need them. An extension of ours.</summary>
internal static class CertificateEndpoints
{
    public static void MapCertificates(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/certificates", ListAsync).WithName("listCertificates");
        routes.MapGet("/certificates/{name}", GetAsync).WithName("getCertificate");
        routes.MapPost("/certificates/{name}/renew", RenewAsync).WithName("renewCertificate");
    }

    private static async Task<JsonHttpResult<IAsyncEnumerable<CertificateResponse>>> ListAsync(
        ResourceLookup lookup, TimeProvider clock, CancellationToken cancellationToken)
    {
        var responses = lookup.ListAsync<CertificateInfo>(new ResourceQuery(ResourceKind.Certificate), cancellationToken)
            .Select(info => CertificateResponse.From(info, clock.GetUtcNow()));
        return TypedResults.Json(await responses.BegunAsync(cancellationToken), WireJson.Api.IAsyncEnumerableCertificateResponse);
    }

    private static async Task<JsonHttpResult<CertificateResponse>> GetAsync(
        string name, IResourceIndex index, TimeProvider clock, CancellationToken cancellationToken)
    {
        var row = await index.GetAsync(ResourceKind.Certificate, name.ToLowerInvariant(), cancellationToken) ?? throw NotFound(name);
        return Answer(ResourceSummary.Read<CertificateInfo>(row), clock);
    }

    private static async Task<JsonHttpResult<CertificateResponse>> RenewAsync(
        string name, IResourceIndex index, IGrainFactory grains, TimeProvider clock, CancellationToken cancellationToken)
    {
        // Only for what is there is a grain asked: anybody can make up names.
        var row = await index.GetAsync(ResourceKind.Certificate, name.ToLowerInvariant(), cancellationToken) ?? throw NotFound(name);
        return Answer(await grains.Certificate(row.Id).RenewAsync(), clock, StatusCodes.Status202Accepted);
    }

    private static HypemanException NotFound(string name) => HypemanException.NotFound($"there is no certificate of '{name}'");

    private static JsonHttpResult<CertificateResponse> Answer(CertificateInfo info, TimeProvider clock, int status = StatusCodes.Status200OK) =>
        TypedResults.Json(CertificateResponse.From(info, clock.GetUtcNow()), WireJson.Api.CertificateResponse, statusCode: status);
}
