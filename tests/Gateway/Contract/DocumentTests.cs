using Hypeman.Gateway.Auth;
using Hypeman.Gateway.Health;
using Hypeman.Tests.Gateway.Hosting;

namespace Hypeman.Tests.Gateway.Contract;

/// <summary>openapi.yaml, the routes and the contract say the same.</summary>
public sealed class DocumentTests(ApiHost api) : ApiTests(api)
{
    /// <summary>WebSockets, which OpenAPI cannot describe.</summary>
    private static readonly string[] Undescribed = ["GET /instances/{id}/exec", "GET /instances/{id}/cp"];

    /// <summary>Operations of ours that the contract has without describing them, and those that are our extension.</summary>
    private static readonly string[] Additional =
    [
        "GET /spec.yaml", "GET /spec.json",
        "GET /nodes", "GET /nodes/{id}", "DELETE /nodes/{id}", "POST /nodes/{id}/cordon", "POST /nodes/{id}/uncordon",
        "POST /nodes/{id}/drain", "DELETE /nodes/{id}/drain", "POST /instances/{id}/move", "GET /certificates", "GET /certificates/{name}",
        "POST /certificates/{name}/renew",
    ];

    /// <summary>Fields of answers that are our extension.</summary>
    private static readonly string[] AdditionalFields = ["node", "placement", "wake", "wake_filter"];

    private readonly ApiSchema _schema = ApiSchema.Load();

    [Fact]
    public void Every_route_is_described_and_every_description_has_a_route() => Assert.Equal(
        ApiRouteInfo.AllOf(Api).Select(route => route.DocumentKey).Except(Undescribed).Order(StringComparer.Ordinal),
        _schema.Operations.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Routes_are_named_by_their_operation_ids() => Assert.All(
        ApiRouteInfo.AllOf(Api).Where(route => !Undescribed.Contains(route.DocumentKey)),
        route => Assert.Equal(_schema.Operations[route.DocumentKey].GetProperty("operationId").GetString(), route.OperationId));

    [Fact]
    public void Operations_without_security_are_the_public_routes() => Assert.Equal(
        RouteScopes.All.Where(route => route.Value == RouteScopes.Public).Select(route => route.Key).Order(StringComparer.Ordinal),
        _schema.Operations.Where(operation => operation.Value.TryGetProperty("security", out _)).Select(operation => operation.Key)
            .Order(StringComparer.Ordinal));

    [Fact]
    public void The_version_is_the_one_that_capabilities_tell() =>
        Assert.Equal(ApiDescription.Version, _schema.Document.GetProperty("info").GetProperty("version").GetString());

    [Fact]
    public void Operations_are_those_of_the_contract() => Assert.All(
        _schema.Operations.Where(operation => !Additional.Contains(operation.Key)), operation =>
        {
            Assert.True(ContractFacts.Operations.TryGetValue(operation.Key, out var facts), $"{operation.Key} is not in the contract");
            Assert.Equal(facts.OperationId, operation.Value.GetProperty("operationId").GetString());
            Assert.Equal(facts.Parameters, ParametersOf(operation.Value));
            Assert.True(operation.Value.GetProperty("responses").TryGetProperty(facts.Status, out _), $"{operation.Key} must answer {facts.Status}");
        });

    [Fact]
    public void Requests_take_every_field_of_the_contract() => Assert.All(
        ContractFacts.Requests, request => Assert.Empty(request.Value.Except(PropertiesOf(request.Key))));

    [Fact]
    public void Answers_have_no_field_that_the_contract_has_not() => Assert.All(
        ContractFacts.Answers, answer => Assert.Empty(PropertiesOf(answer.Key).Except(answer.Value).Except(AdditionalFields)));

    [Fact]
    public void What_the_contract_requires_is_required() => Assert.All(
        ContractFacts.Required, schema => Assert.Equal(
            schema.Value.Order(StringComparer.Ordinal),
            _schema.Component(schema.Key).GetProperty("required").EnumerateArray().Select(name => name.GetString()!)
                .Order(StringComparer.Ordinal)));

    private IEnumerable<string> ParametersOf(System.Text.Json.JsonElement operation) =>
        operation.TryGetProperty("parameters", out var parameters)
            ? parameters.EnumerateArray().Select(one => _schema.Resolve(one).GetProperty("name").GetString()!)
            : [];

    private IEnumerable<string> PropertiesOf(string schema) =>
        _schema.Component(schema).GetProperty("properties").EnumerateObject().Select(property => property.Name);
}
