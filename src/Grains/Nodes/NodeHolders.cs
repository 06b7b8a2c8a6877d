using System.Net;
using Hypeman.Grains.Records;
using Hypeman.NodeRuntime.Errors;
using Microsoft.Extensions.DependencyInjection;

namespace Hypeman.Grains.Nodes;

/// <summary>Who holds the identity of a node, by the table of members: the last word on who lives, and from when.</summary>
internal sealed class NodeHolders(IServiceProvider services, ILocalSiloDetails self, GrainClock clock)
{
    /// <summary>Members give a sign of life every 5 s; one that was silent for three times that is gone.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    /// <summary>When each silo last gave a sign of life, by name.</summary>
    public async Task<IReadOnlyDictionary<string, DateTimeOffset>> SignsOfLifeAsync() =>
        (await MembersAsync()).GroupBy(member => member.SiloName).ToDictionary(
            silo => silo.Key, silo => silo.Max(member => new DateTimeOffset(member.IAmAliveTime, TimeSpan.Zero)));

    /// <summary>
    /// Refuses to start a second time what runs on another host: the data directory was copied. On one host the lock of
    /// the directory sees to that, and a process that comes back there may have another port.
    /// </summary>
    /// <exception cref="NodeException">Fenced: says who holds it.</exception>
    public async Task RequireFreeAsync(string node)
    {
        var name = NodeSilos.NameFor(node);
        var holder = (await MembersAsync()).FirstOrDefault(member =>
            member.SiloName == name
            && member.Status == SiloStatus.Active
            && !IsHere(member.SiloAddress.Endpoint)
            && clock.Now - new DateTimeOffset(member.IAmAliveTime, TimeSpan.Zero) < Silence);
        if (holder is not null)
            throw new NodeException(
                NodeErrorKind.Fenced,
                $"node {node} is held by {holder.HostName} at {holder.SiloAddress.Endpoint} since {holder.StartTime:u}: a copied data "
                + "directory must not run twice. End one of them, or start this one with an empty data directory");
    }

    private bool IsHere(IPEndPoint other) => other.Address.Equals(self.SiloAddress.Endpoint.Address);

    private async Task<IReadOnlyList<MembershipEntry>> MembersAsync() =>
        services.GetService<IMembershipTable>() is { } table
            ? [.. (await table.ReadAllAsync()).Members.Select(member => member.Item1)]
            : [];
}
