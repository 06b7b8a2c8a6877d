using System.CommandLine;
using System.Security.Cryptography;
using Hypeman.Cli.Images;
using Hypeman.Cli.Invocation;
using Hypeman.Client.Http;
using Hypeman.Client.Instances;

namespace Hypeman.Cli.Instances;

/// <summary>Makes an instance of an image, pulling the image first when the fleet does not have it.</summary>
internal sealed class RunCommand
{
    private static readonly TimeSpan StandardWait = TimeSpan.FromMinutes(2);

    private readonly Argument<string> _image = new("image") { Description = "For example alpine:3.20" };
    private readonly Argument<string[]> _cmd = new("command")
    {
        Description = "Replaces the image's command; write -- before it",
        Arity = ArgumentArity.ZeroOrMore,
    };
    private readonly Option<string?> _name = new("--name", "-n") { Description = "Name of the instance (default: made from the image's)" };
    private readonly Option<Dictionary<string, string>> _env = Pairs.Option("--env", "-e", "Set a variable; repeat for more");
    private readonly Option<Dictionary<string, string>> _tags = Pairs.Option("--tag", "-l", "Add a tag; repeat for more");
    private readonly Option<string?> _memory = new("--memory", "-m") { Description = "Memory, for example 512MB or 2GB", HelpName = "size" };
    private readonly Option<int?> _vcpus = new("--vcpus", "-c") { Description = "Number of virtual CPUs" };
    private readonly Option<string?> _disk = new("--disk") { Description = "Size of the writable disk, for example 10GB", HelpName = "size" };
    private readonly Option<string[]> _entrypoint = new("--entrypoint")
    {
        Description = "Replaces the image's entrypoint; repeat for its arguments",
        DefaultValueFactory = _ => [],
    };
    private readonly Option<string?> _hypervisor = new("--hypervisor") { Description = "qemu, qemu-microvm, cloud-hypervisor or firecracker" };
    private readonly Option<bool> _noNetwork = new("--no-network") { Description = "Without a network" };
    private readonly Option<string?> _ttl = UpdateCommand.TtlOption();
    private readonly Option<RestartPolicy?> _restart = RestartText.Option();
    private readonly Option<HealthCheck?> _health = HealthText.Option();
    private readonly AutoStandbyText _autoStandby = new();
    private readonly Option<bool> _wait = new("--wait") { Description = "Return when it is Running" };
    private readonly Option<TimeSpan?> _timeout = WaitCommand.TimeoutOption("--wait-timeout", "2m");

    public static Command Make(CliHost host)
    {
        var self = new RunCommand();
        var command = new Command("run", "Run an image as an instance: hypeman run IMAGE [-- COMMAND...]")
        {
            self._image, self._cmd, self._name, self._env, self._tags, self._memory, self._vcpus, self._disk,
            self._entrypoint, self._hypervisor, self._noNetwork, self._ttl, self._restart, self._health, self._wait, self._timeout,
        };
        self._autoStandby.AddTo(command);
        return command.Does(host, self.RunAsync);
    }

    private async Task RunAsync(Run run, CancellationToken cancellationToken)
    {
        var wish = Wish(run);
        var instance = await CreateAsync(run, wish, cancellationToken);
        if (run.Value(_wait))
        {
            await InstanceWait.UntilRunningAsync(run, instance.Name, run.Value(_timeout) ?? StandardWait, cancellationToken);
            instance = await run.Fleet.Instances.GetAsync(instance.Id, cancellationToken);
        }
        run.Print.Resource(instance, made => made.Name);
    }

    private CreateInstance Wish(Run run) => new()
    {
        Name = run.Value(_name) ?? NameFor(run.Value(_image)),
        Image = run.Value(_image),
        Size = run.Value(_memory),
        OverlaySize = run.Value(_disk),
        Vcpus = run.Value(_vcpus),
        Env = run.Value(_env) is { Count: > 0 } env ? env : null,
        Tags = run.Value(_tags) is { Count: > 0 } tags ? tags : null,
        Entrypoint = run.Value(_entrypoint) is { Length: > 0 } entrypoint ? entrypoint : null,
        Cmd = run.Value(_cmd) is { Length: > 0 } cmd ? cmd : null,
        Hypervisor = run.Value(_hypervisor),
        Ttl = run.Value(_ttl),
        RestartPolicy = run.Value(_restart),
        HealthCheck = run.Value(_health),
        AutoStandby = _autoStandby.Read(run),
        Network = run.Value(_noNetwork) ? new CreateNetwork(false) : null,
    };

    /// <summary>The server waits only a few seconds for an image that it must pull; a person waits longer.</summary>
    private static async Task<Instance> CreateAsync(Run run, CreateInstance wish, CancellationToken cancellationToken)
    {
        try
        {
            return await run.Print.WhileAsync($"Making {wish.Name}", _ => run.Fleet.Instances.CreateAsync(wish, cancellationToken));
        }
        catch (ApiException e) when (e.Code == "image_not_ready")
        {
            await ImageWait.UntilReadyAsync(run, wish.Image, absentIsFine: false, cancellationToken);
            return await run.Print.WhileAsync($"Making {wish.Name}", _ => run.Fleet.Instances.CreateAsync(wish, cancellationToken));
        }
    }

    /// <summary><c>docker.io/library/nginx:alpine</c> becomes <c>nginx-</c> and four random letters.</summary>
    internal static string NameFor(string image)
    {
        var last = image.Split('@')[0].Split('/')[^1].Split(':')[0].ToLowerInvariant();
        var clean = new string([.. last.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]).Trim('-');
        var stem = clean.Length == 0 ? "instance" : clean[..Math.Min(clean.Length, 50)];
        return $"{stem}-{RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyz23456789", 4)}";
    }
}
