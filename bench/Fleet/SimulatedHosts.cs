using System.Text.Json;
using System.Threading.Channels;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Bench.Fleet;

/// <summary>
/// The simulated nodes under one silo. What they run outlives the silo, as VMs outlive our process: each change is a
/// line of a file, and what the file tells is there again at the next start.
/// </summary>
internal sealed class SimulatedHosts(string directory, int count) : IDisposable
{
    public const string Image = "docker.io/library/bench:latest";
    private const char Digit = 'b';

    private readonly string _ledger = Path.Combine(directory, "simulated.jsonl");
    private readonly CancellationTokenSource _ended = new();
    private readonly List<SimulatedNode> _nodes = [];

    /// <summary>Nodes of the silo that has this name; see the rule in <c>NodeSilos.NameFor</c>.</summary>
    public IReadOnlyList<SimulatedNode> Make(string silo)
    {
        for (var at = 0; at < count; at++)
        {
            var node = new SimulatedNode($"{silo}.{at}");
            node.Images.Plant(node.Images.Publish(Image, Digit).ManifestDigest);
            _nodes.Add(node);
        }
        if (File.Exists(_ledger))
            foreach (var (at, vm) in Read())
                _nodes[at].Vms.Plant(vm);
        return _nodes;
    }

    /// <summary>Writes down what happens from now on.</summary>
    public void Watch()
    {
        var lines = Channel.CreateUnbounded<Entry>();
        for (var at = 0; at < _nodes.Count; at++)
            _ = WatchAsync(at, lines.Writer);
        _ = WriteAsync(lines.Reader);
    }

    public void Dispose()
    {
        _ended.Cancel();
        _nodes.ForEach(node => node.Dispose());
        _ended.Dispose();
    }

    private async Task WatchAsync(int at, ChannelWriter<Entry> lines)
    {
        await foreach (var vm in _nodes[at].Vms.WatchAsync(_ended.Token))
            lines.TryWrite(new Entry(at, vm));
    }

    private async Task WriteAsync(ChannelReader<Entry> lines)
    {
        await using var file = new StreamWriter(_ledger, append: true);
        while (await lines.WaitToReadAsync(_ended.Token))
        {
            while (lines.TryRead(out var entry))
                await file.WriteLineAsync(JsonSerializer.Serialize(entry));
            await file.FlushAsync(_ended.Token);
        }
    }

    /// <summary>The last word on each VM; a line that the end of the process cut off is none.</summary>
    private Dictionary<string, Entry>.ValueCollection Read()
    {
        var last = new Dictionary<string, Entry>();
        foreach (var line in File.ReadLines(_ledger).Where(line => line.EndsWith('}')))
            if (JsonSerializer.Deserialize<Entry>(line) is { } entry)
                last[entry.Vm.Id] = entry;
        return last.Values;
    }

    private sealed record Entry(int Node, VmStatus Vm);
}
