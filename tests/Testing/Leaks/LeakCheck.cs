using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Tests.Testing.Leaks;

/// <summary>
/// What this machine holds of the kinds of things that we make, to compare with later: hypervisors, network
/// namespaces, devices, rules, mounts, loop devices, control groups.
/// </summary>
public sealed class LeakCheck
{
    private readonly IReadOnlySet<string> _before;
    private readonly Func<string, bool> _concerns;

    private LeakCheck(IReadOnlySet<string> before, Func<string, bool> concerns) => (_before, _concerns) = (before, concerns);

    /// <param name="concerns">
    /// Which lines count, where others use the machine at the same time; a line is a kind and a name, for example
    /// <c>device hm-abcdefgh</c>, or for a process all its arguments. Null for all.
    /// </param>
    public static async Task<LeakCheck> StartAsync(Func<string, bool>? concerns = null) =>
        new(await ListAsync(), concerns ?? (_ => true));

    /// <summary>Waits for what ends a little later, then fails with the list of what is new.</summary>
    public async Task AssertNothingNewAsync()
    {
        string[] leaked = [];
        try
        {
            await Until.True(
                async () => (leaked = [.. (await ListAsync()).Except(_before).Where(_concerns)]).Length == 0,
                TimeSpan.FromSeconds(10), "nothing was left behind");
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException("Left behind:\n" + string.Join('\n', leaked.Order()));
        }
    }

    private static async Task<IReadOnlySet<string>> ListAsync()
    {
        var all = new HashSet<string>();
        Add("hypervisor", Hypervisors());
        Add("namespace", NetworkNamespace.List());
        Add("device", (await RunAsync("ip", "-o", "link")).Select(line => line.Split(": ")[1]));
        Add("rules", await RunAsync("nft", "list", "tables"));
        // The first 'ip netns add' of a machine's life mounts the directory of names on itself, for good.
        Add("mount", File.ReadLines("/proc/self/mountinfo").Select(line => line.Split(' ')[4]).Where(path => path != "/run/netns"));
        Add("loop", Directory.EnumerateDirectories("/sys/block/", "loop*").Where(path => File.Exists($"{path}/loop/backing_file")));
        Add("group", Groups());
        return all;

        void Add(string kind, IEnumerable<string> names) => all.UnionWith(names.Select(name => $"{kind} {name}"));
    }

    private static async Task<IEnumerable<string>> RunAsync(string tool, params string[] arguments) =>
        (await Command.RunAsync(tool, arguments, CancellationToken.None)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<string> Hypervisors()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(path["/proc/".Length])))
        {
            var arguments = ReadArguments(folder);
            if (arguments.Split(' ')[0].Contains("qemu-system-", StringComparison.Ordinal))
                yield return $"{Path.GetFileName(folder)} {arguments}";
        }
    }

    private static string ReadArguments(string processFolder)
    {
        try
        {
            return File.ReadAllText($"{processFolder}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static IEnumerable<string> Groups() => Directory.EnumerateDirectories("/sys/fs/cgroup")
        .Append("/sys/fs/cgroup").Select(root => $"{root}/hypeman").Where(Directory.Exists)
        .SelectMany(path => Directory.EnumerateDirectories(path, "*", SearchOption.AllDirectories));
}
