using CsCheck;
using Hypeman.NodeRuntime.Images;

namespace Hypeman.Tests.NodeRuntime.Images;

public class ImageReferenceTests
{
    private const string Hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    [Theory]
    [InlineData("alpine", "docker.io/library/alpine:latest")]
    [InlineData("alpine:3.20", "docker.io/library/alpine:3.20")]
    [InlineData("docker.io/alpine", "docker.io/library/alpine:latest")]
    [InlineData("index.docker.io/alpine", "docker.io/library/alpine:latest")]
    [InlineData("library/alpine", "docker.io/library/alpine:latest")]
    [InlineData("grafana/grafana", "docker.io/grafana/grafana:latest")]
    [InlineData("a/b/c:d", "docker.io/a/b/c:d")]
    [InlineData("docker.io", "docker.io/library/docker.io:latest")]
    [InlineData("ghcr.io/o/r:v1", "ghcr.io/o/r:v1")]
    [InlineData("localhost/app", "localhost/app:latest")]
    [InlineData("localhost:8080/myapp:v1", "localhost:8080/myapp:v1")]
    [InlineData("127.0.0.1:5000/a", "127.0.0.1:5000/a:latest")]
    [InlineData("[::1]:5000/a/b", "[::1]:5000/a/b:latest")]
    [InlineData("[fe80::1]/a", "[fe80::1]/a:latest")]
    [InlineData("MyHost/a", "MyHost/a:latest")]
    [InlineData("a_b/c__d.e--f", "docker.io/a_b/c__d.e--f:latest")]
    [InlineData("alpine:_x.Y-1", "docker.io/library/alpine:_x.Y-1")]
    [InlineData("alpine@sha256:" + Hex, "docker.io/library/alpine@sha256:" + Hex)]
    [InlineData("alpine:3@sha256:" + Hex, "docker.io/library/alpine@sha256:" + Hex)]
    [InlineData("h.io:443/r:t@sha256:" + Hex, "h.io:443/r@sha256:" + Hex)]
    [InlineData("a" + Hex, "docker.io/library/a" + Hex + ":latest")]
    public void A_reference_is_normalized(string text, string normalized)
    {
        var reference = ImageReference.TryParse(text, out var reason);
        Assert.Null(reason);
        Assert.Equal(normalized, reference?.ToString());
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData(Hex, "identifier")]
    [InlineData("Alpine", "lower-case")]
    [InlineData("a/B", "lower-case")]
    [InlineData("alpine:", "tag")]
    [InlineData("alpine:.x", "tag")]
    [InlineData("alpine:-x", "tag")]
    [InlineData("alpine:a:b", "tag")]
    [InlineData("alpine:a b", "tag")]
    [InlineData("alpine:é", "tag")]
    [InlineData("alpine@", "digest")]
    [InlineData("alpine@sha256:12", "digest")]
    [InlineData("alpine@sha512:" + Hex + Hex, "digest")]
    [InlineData("alpine@sha256:" + Hex + "@sha256:" + Hex, "digest")]
    [InlineData("h.io/", "missing")]
    [InlineData("/alpine", "''")]
    [InlineData("a//b", "''")]
    [InlineData("a/", "''")]
    [InlineData("-a", "'-a'")]
    [InlineData("a-", "'a-'")]
    [InlineData("a..b", "'a..b'")]
    [InlineData("a___b", "'a___b'")]
    [InlineData("a._b", "'a._b'")]
    [InlineData("a b", "'a b'")]
    [InlineData("a\n", "'a\n'")]
    [InlineData("../etc", "registry")]
    [InlineData("-h.io/a", "registry")]
    [InlineData("h-.io/a", "registry")]
    [InlineData("h_x.io/a", "registry")]
    [InlineData("[]:1/a", "registry")]
    [InlineData("[zz::]/a", "registry")]
    [InlineData("h.io:/a", "port")]
    [InlineData("h.io:0/a", "port")]
    [InlineData("h.io:65536/a", "port")]
    [InlineData("h.io:x/a", "port")]
    [InlineData("https://h.io/a", "port")]
    public void What_is_no_reference_is_refused_with_a_reason(string text, string reasonMentions)
    {
        Assert.Null(ImageReference.TryParse(text, out var reason));
        Assert.Contains(reasonMentions, reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Lengths_are_limited()
    {
        Assert.NotNull(ImageReference.TryParse("h.io/" + new string('a', 255), out _));
        Assert.Null(ImageReference.TryParse("h.io/" + new string('a', 256), out _));
        Assert.NotNull(ImageReference.TryParse("a:" + new string('t', 128), out _));
        Assert.Null(ImageReference.TryParse("a:" + new string('t', 129), out _));
        Assert.Null(ImageReference.TryParse(new string('a', 100_000), out _));
    }

    [Fact]
    public void Any_text_is_either_refused_with_a_reason_or_has_a_normal_form_that_stays_the_same() =>
        Gen.Char["abzAZ019._-:/@[]\n é"].Array[0, 40].Sample(characters =>
        {
            var reference = ImageReference.TryParse(new string(characters), out var reason);
            if (reference is null)
                return !string.IsNullOrEmpty(reason);
            var again = ImageReference.TryParse(reference.ToString(), out _);
            return reason is null && reference == again && (reference.Tag is null) != (reference.Digest is null);
        }, iter: 100_000);

    [Fact]
    public void Whatever_is_put_together_from_right_parts_is_read_back()
    {
        var component = Gen.OneOfConst("a", "a1", "x-y", "x--y", "a_b", "a__b", "a.b", "0");
        var host = Gen.OneOfConst("docker.io", "localhost", "h.io", "localhost:5000", "10.0.0.1:1", "[::1]:65535", "HOST");
        var suffix = Gen.OneOfConst("", ":t", ":1.2-3_4", "@sha256:" + Hex, ":t@sha256:" + Hex);
        Gen.Select(host, component.Array[1, 4], suffix).Sample((registry, components, end) =>
        {
            var reference = ImageReference.TryParse($"{registry}/{string.Join('/', components)}{end}", out _);
            return reference is not null
                && reference.Registry == registry
                && reference.Repository.EndsWith(string.Join('/', components), StringComparison.Ordinal)
                && (reference.Digest is not null) == end.Contains('@');
        });
    }
}
