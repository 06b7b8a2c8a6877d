using Hypeman.Bench.Boot;
using Hypeman.Client;
using Hypeman.Client.Images;
using Hypeman.Client.Instances;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Tests.Testing.Images;

namespace Hypeman.Bench.Guests;

/// <summary>Guests of the fleet that the benchmark was given, made by its API.</summary>
internal sealed class BenchGuests : IDisposable
{
    private static readonly string[] Shell = ["/bin/sh", "-c"];
    private const string Program = $"echo {FirstWord.Text}; exec sleep 1000000";

    private readonly Uri _address = new(Required("HYPEMAN_BASE_URL"));
    private int _number;

    public BenchGuests(string dataDirectory)
    {
        Data = new DataLayout(dataDirectory);
        Client = new HypemanClient(_address, Required("HYPEMAN_API_KEY"));
    }

    public DataLayout Data { get; }
    public HypemanClient Client { get; }

    public async Task<Image> PushImageAsync(string work, CancellationToken cancellationToken)
    {
        const string repository = "bench/busybox:v1";
        var layout = Directory.CreateDirectory(Path.Combine(work, "layout")).FullName;
        OciImageBuilder.Busybox().Build().WriteLayout(layout);
        using var image = OciLayout.Open(layout);
        await Client.Registry.PushAsync(image, repository, _ => { }, cancellationToken);
        return await Client.Images.WaitAsync(
            $"{_address.Authority}/{repository}", absentIsFine: true, TimeProvider.System, _ => { }, cancellationToken);
    }

    /// <summary>The root disk that the fleet has made of an image.</summary>
    public string RootOf(Image image) => Path.Combine(Data.Roots, image.Digest.Replace(':', Path.DirectorySeparatorChar) + ".erofs");

    public string NewName() => $"bench-{Environment.ProcessId}-{Interlocked.Increment(ref _number)}";

    /// <summary>Boots a guest and waits until it answers.</summary>
    public async Task<Instance> RunAsync(string image, int memoryMegabytes, CancellationToken cancellationToken, string program = Program)
    {
        var instance = await Client.Instances.CreateAsync(new CreateInstance
        {
            Name = NewName(),
            Image = image,
            Size = $"{memoryMegabytes}MB",
            OverlaySize = "1GB",
            Vcpus = 1,
            Entrypoint = Shell,
            Cmd = [program],
        }, cancellationToken);
        var outcome = await Client.Instances.WaitAsync(instance.Id, "Running", TimeSpan.FromMinutes(5), cancellationToken);
        return outcome.State == "Running"
            ? await Client.Instances.GetAsync(instance.Id, cancellationToken)
            : throw new InvalidOperationException($"The instance is {outcome.State}, not Running: {outcome.StateError}");
    }

    public void Dispose() => Client.Dispose();

    private static string Required(string variable) => Environment.GetEnvironmentVariable(variable)
        ?? throw new InvalidOperationException($"{variable} is not set: run it by ./dev bench");
}
