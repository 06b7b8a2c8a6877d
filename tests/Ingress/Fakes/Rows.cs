using Hypeman.Contracts.Certificates;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Ingresses;
using Hypeman.Contracts.Instances;
using Hypeman.Tests.Testing.Index;

namespace Hypeman.Tests.Ingress.Fakes;

/// <summary>Infos and their rows, with the fields that the data plane reads.</summary>
internal static class Rows
{
    public static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static long _version;

    public static InstanceInfo Instance(string id, string name, InstancePhase phase = InstancePhase.Running) => new()
    {
        Id = id,
        Spec = new InstanceSpec { Name = name, Image = "web", MemoryBytes = 1 << 30, OverlayBytes = 1 << 30, Vcpus = 1 },
        Image = "docker.io/library/web:latest",
        Phase = phase,
        Ip = "10.100.0.2",
        CreatedAt = Start,
        StartedAt = Start,
        Hypervisor = "qemu",
        Platform = "linux/amd64",
        Home = "node-a",
        PhaseSince = Start,
    };

    public static IngressInfo Ingress(string id, string host, string instance, int targetPort = 8080, int port = 80) => new()
    {
        Id = id,
        Name = id,
        Rules = [new IngressRule { Hostname = host, Port = port, TargetInstance = instance, TargetPort = targetPort }],
        CreatedAt = Start,
    };

    public static Task PutAsync(this InMemoryResourceIndex index, InstanceInfo info) => PutAsync(index, new ResourceRow
    {
        Kind = ResourceKind.Instance,
        Id = info.Id,
        Name = info.Spec.Name,
        Home = info.Home,
        State = info.Phase.ToString(),
        Summary = ResourceSummary.Write(info),
        Version = Interlocked.Increment(ref _version),
        CreatedAt = info.CreatedAt,
    });

    public static Task PutAsync(this InMemoryResourceIndex index, IngressInfo info) => PutAsync(index, new ResourceRow
    {
        Kind = ResourceKind.Ingress,
        Id = info.Id,
        Name = info.Name,
        State = "",
        Summary = ResourceSummary.Write(info),
        Version = Interlocked.Increment(ref _version),
        CreatedAt = info.CreatedAt,
    });

    public static Task PutAsync(this InMemoryResourceIndex index, CertificateInfo info) => PutAsync(index, new ResourceRow
    {
        Kind = ResourceKind.Certificate,
        Id = info.Name,
        Name = info.Name,
        State = "",
        Summary = ResourceSummary.Write(info),
        Version = Interlocked.Increment(ref _version),
        CreatedAt = info.CreatedAt,
    });

    private static async Task PutAsync(InMemoryResourceIndex index, ResourceRow row)
    {
        if (!await index.UpdateAsync(row))
            await index.InsertAsync(row, []);
    }
}
