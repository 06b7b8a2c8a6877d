using Hypeman.Silo.Cluster;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.Silo.Cluster;

/// <summary>A CA of one test, and the identities that it has made.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TimeProvider _time;

    public TestAuthority(TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        ClusterAuthority.Create(Directory, _time);
    }

    public string Directory => _folder.PathOf("ca");

    public string PathOf(string name) => _folder.PathOf(name);

    /// <summary>The directory of an identity, made now, also in place of one that is there.</summary>
    public string Issue(string name, TimeSpan? lifetime = null)
    {
        using var authority = ClusterAuthority.Open(Directory, _time);
        authority.Issue(name, ["127.0.0.1", "host.test"], PathOf(name), lifetime ?? ClusterAuthority.MemberLifetime);
        return PathOf(name);
    }

    public ClusterIdentity Member(string name) => ClusterIdentity.Load(Issue(name), _time);

    public void Dispose() => _folder.Dispose();
}
