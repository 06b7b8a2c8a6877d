using System.Net;
using Hypeman.Contracts.Errors;
using Hypeman.Gateway.Errors;
using Microsoft.AspNetCore.Http;
using Orleans.Runtime;

namespace Hypeman.Tests.Gateway.Errors;

public sealed class ErrorMappingTests
{
    [Theory]
    [InlineData(ErrorKind.InvalidRequest, 400, null, null)]
    [InlineData(ErrorKind.NotFound, 404, null, null)]
    [InlineData(ErrorKind.Ambiguous, 409, false, null)]
    [InlineData(ErrorKind.Conflict, 409, false, null)]
    [InlineData(ErrorKind.InsufficientResources, 409, null, null)]
    [InlineData(ErrorKind.NotSupported, 501, false, null)]
    [InlineData(ErrorKind.RateLimited, 429, null, 1)]
    [InlineData(ErrorKind.Unavailable, 503, null, 1)]
    [InlineData(ErrorKind.TimedOut, 504, false, null)]
    [InlineData(ErrorKind.Internal, 500, null, null)]
    public void Every_kind_of_failure_has_its_status(ErrorKind kind, int status, bool? shouldRetry, int? retryAfter)
    {
        var answer = ErrorMapping.From(new HypemanException(kind, "some_code", "some message", "a detail for operators"));

        Assert.Equal(status, answer.Status);
        Assert.Equal(shouldRetry, answer.ShouldRetry);
        Assert.Equal(retryAfter, answer.RetryAfterSeconds);
        Assert.Equal(new ErrorResponse { Code = "some_code", Message = "some message" }, answer.Body);
    }

    [Fact]
    public void Every_kind_is_tested() => Assert.Equal(10, Enum.GetValues<ErrorKind>().Length);

    public static TheoryData<Exception> WhatPasses =>
    [
        new TimeoutException("secret"), new OperationCanceledException("secret"), new SiloUnavailableException("secret"),
        new EnumerationAbortedException("secret"), new TestDbException("secret"), new OrleansException("secret", new TestDbException("secret")),
    ];

    [Theory]
    [MemberData(nameof(WhatPasses), DisableDiscoveryEnumeration = true)]
    public void What_may_pass_is_unavailable_and_told_without_its_text(Exception exception)
    {
        var answer = ErrorMapping.From(exception);
        Assert.Equal(503, answer.Status);
        Assert.Equal("unavailable", answer.Body.Code);
        Assert.Equal(1, answer.RetryAfterSeconds);
        Assert.DoesNotContain("secret", answer.Body.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bug_is_told_without_its_text()
    {
        var answer = ErrorMapping.From(new InvalidOperationException("the password is secret"));
        Assert.Equal(500, answer.Status);
        Assert.True(answer.IsFault);
        Assert.Equal(new ErrorResponse { Code = "internal_error", Message = "internal error" }, answer.Body);
    }

    [Fact]
    public void Too_large_a_body_keeps_its_status() => Assert.Equal(
        413, ErrorMapping.From(new BadHttpRequestException("too large", (int)HttpStatusCode.RequestEntityTooLarge)).Status);

    [Fact]
    public void Several_problems_are_all_told()
    {
        var answer = ErrorMapping.From(new RequestRefusedException([new("Bad Request", "a: x"), new("invalid_size", "b: y")]));
        Assert.Equal(400, answer.Status);
        Assert.Equal("Bad Request", answer.Body.Code);
        Assert.Equal([new("Bad Request", "a: x"), new("invalid_size", "b: y")], answer.Body.Details!);
    }

    [Fact]
    public void What_is_not_built_is_501_and_not_to_be_repeated()
    {
        var answer = ErrorMapping.From(new RequestRefusedException("not_supported", "volumes: not yet"));
        Assert.Equal(501, answer.Status);
        Assert.False(answer.ShouldRetry);
        Assert.Null(answer.Body.Details);
    }

    private sealed class TestDbException(string message) : System.Data.Common.DbException(message);
}
