using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hypeman.Silo;
using Hypeman.Silo.Cluster;
using Microsoft.Extensions.Time.Testing;

namespace Hypeman.Tests.Silo.Cluster;

public sealed class ClusterIdentityTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private readonly TestAuthority _authority;

    public ClusterIdentityTests() => _authority = new TestAuthority(_time);

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void All_files_are_for_their_owner_alone_and_the_key_of_the_CA_stays()
    {
        var member = _authority.Issue("a");

        Assert.Equal(["ca.crt", "ca.key", "jwt-secret", "sealing-key"], NamesIn(_authority.Directory));
        Assert.Equal(["ca.crt", "jwt-secret", "member.crt", "member.key", "sealing-key"], NamesIn(member));
        Assert.All([_authority.Directory, member], directory => Assert.Equal(Private | UnixFileMode.UserExecute, File.GetUnixFileMode(directory)));
        Assert.All(
            Directory.GetFiles(_authority.Directory).Concat(Directory.GetFiles(member)),
            file => Assert.Equal(Private, File.GetUnixFileMode(file)));
    }

    [Fact]
    public void Members_of_one_fleet_know_each_other_and_have_the_same_key_for_tokens()
    {
        var (one, other) = (_authority.Member("a"), _authority.Member("b"));

        Assert.True(one.IsMember(other.Certificate));
        Assert.True(other.IsMember(one.Certificate));
        Assert.Equal(one.JwtSecret, other.JwtSecret);
        Assert.True(one.JwtSecret.Length >= 32);
    }

    [Fact]
    public void A_member_of_another_fleet_is_a_stranger_whatever_it_calls_itself()
    {
        using var elsewhere = new TestAuthority(_time);

        Assert.False(_authority.Member("a").IsMember(elsewhere.Member("a").Certificate));
        Assert.False(_authority.Member("a").IsMember(null));
    }

    [Fact]
    public void A_certificate_that_has_ended_is_no_members()
    {
        var (one, other) = (_authority.Member("a"), _authority.Member("b"));

        _time.Advance(ClusterAuthority.MemberLifetime + TimeSpan.FromMinutes(1));

        Assert.False(one.IsMember(other.Certificate));
        var refused = Assert.Throws<StartupException>(() => ClusterIdentity.Load(_authority.PathOf("a"), _time));
        Assert.Contains("member.crt is no member's", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_for_servers_alone_is_no_members()
    {
        var identity = _authority.Member("a");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        Assert.False(identity.IsMember(SignOutside(key, ClusterIdentity.Purposes[0])));
        Assert.True(identity.IsMember(SignOutside(key, ClusterIdentity.Purposes[0], ClusterIdentity.Purposes[1])));
    }

    [Fact]
    public void A_key_of_another_certificate_is_told()
    {
        var (one, other) = (_authority.Issue("a"), _authority.Issue("b"));
        File.Copy(Path.Combine(other, ClusterFiles.MemberKey), Path.Combine(one, ClusterFiles.MemberKey), overwrite: true);

        var refused = Assert.Throws<StartupException>(() => ClusterIdentity.Load(one, _time));

        Assert.Contains("member.crt and member.key do not fit together", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ca.crt")]
    [InlineData("member.crt")]
    [InlineData("member.key")]
    [InlineData("jwt-secret")]
    public void A_file_that_is_missing_or_empty_is_named(string name)
    {
        var member = _authority.Issue("a");

        File.WriteAllText(Path.Combine(member, name), "");
        Assert.Throws<StartupException>(() => ClusterIdentity.Load(member, _time));
        File.Delete(Path.Combine(member, name));

        Assert.Contains(name, Assert.Throws<StartupException>(() => ClusterIdentity.Load(member, _time)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void While_a_CA_is_replaced_members_of_both_are_known()
    {
        using var next = new TestAuthority(_time);
        var member = _authority.Issue("a");
        File.AppendAllText(Path.Combine(member, ClusterFiles.Authority), File.ReadAllText(Path.Combine(next.Directory, ClusterFiles.Authority)));

        var identity = ClusterIdentity.Load(member, _time);

        Assert.True(identity.IsMember(_authority.Member("b").Certificate));
        Assert.True(identity.IsMember(next.Member("c").Certificate));
    }

    [Fact]
    public void A_CA_is_not_made_over_another_and_issues_nothing_beside_its_key()
    {
        var second = Assert.Throws<StartupException>(() => ClusterAuthority.Create(_authority.Directory, _time));
        Assert.Contains("holds a CA already", second.Message, StringComparison.Ordinal);
        using var opened = ClusterAuthority.Open(_authority.Directory, _time);
        Assert.Contains("must not travel", Assert.Throws<StartupException>(
            () => opened.Issue("a", [], _authority.Directory, TimeSpan.FromDays(1))).Message, StringComparison.Ordinal);
    }

    private X509Certificate2 SignOutside(ECDsa key, params Oid[] purposes)
    {
        using var authority = X509Certificate2.CreateFromPemFile(
            Path.Combine(_authority.Directory, ClusterFiles.Authority), Path.Combine(_authority.Directory, ClusterFiles.AuthorityKey));
        var request = new CertificateRequest("CN=made by another tool", key, HashAlgorithmName.SHA256);
        var used = new OidCollection();
        foreach (var purpose in purposes)
            used.Add(purpose);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(used, critical: false));
        var now = _time.GetUtcNow();
        return request.Create(authority, now, now + TimeSpan.FromDays(1), [1, 2, 3]);
    }

    private static IEnumerable<string?> NamesIn(string directory) => Directory.GetFiles(directory).Select(Path.GetFileName).Order(StringComparer.Ordinal);
}
