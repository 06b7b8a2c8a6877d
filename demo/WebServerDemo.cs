using System.Security.Cryptography;
using System.Text;
using Hypeman.Client;
using Hypeman.Client.Http;
using Hypeman.Client.Images;
using Hypeman.Client.Ingresses;
using Hypeman.Client.Instances;
using Hypeman.Demo.Images;
using Hypeman.Demo.Steps;

namespace Hypeman.Demo;

/// <summary>The main job of a fleet from nothing: an image becomes a machine that answers on the web.</summary>
internal sealed class WebServerDemo(HypemanClient fleet, Uri ingressUrl)
{
    private const string Next = """

        That was a whole machine, from an image to an answer. Now by hand:

          eval "$(./dev up --detach | sed 's/^/export /')"      # a fleet that stays, in .data
          alias hypeman=$PWD/src/Cli/bin/Release/net10.0/hypeman
          hypeman run docker.io/library/nginx:alpine --name web --wait
          hypeman exec -it web -- sh
          hypeman ingress create web --host web.localhost --to web:80
          curl -H 'Host: web.localhost' http://127.0.0.1/
        """;

    private static readonly TimeSpan ImageTime = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan BootTime = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan PageTime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PageRetry = TimeSpan.FromMilliseconds(50);

    private readonly string _name = "demo-" + RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyz", 4);
    private readonly StepRunner _runner = new(TimeProvider.System);
    private string _folder = "";
    private string _image = "";

    private string Host => $"{_name}.localhost";

    /// <summary>0 when everything worked and nothing is left behind.</summary>
    public async Task<int> RunAsync(StepReport report, CancellationToken cancellationToken)
    {
        Step[] steps =
        [
            new("Make an image", MakeImageAsync),
            new("Push it to the fleet", PushAsync),
            new("Convert it to a root disk", ConvertAsync),
            new("Make an instance of it", CreateAsync),
            new("Wait until it is Running", WaitAsync),
            new("Run a command in it", ExecAsync),
            new("Read its log", ReadLogAsync),
            new("Publish it", PublishAsync),
            new("Fetch the page", FetchAsync),
        ];
        var succeeded = await report.ShowAsync(
            [.. steps.Select(step => step.Name), "Clean up"], Next, progress => _runner.RunAsync(steps, progress, cancellationToken));
        return succeeded ? 0 : 1;
    }

    private async Task<string> MakeImageAsync(Action<string> say, CancellationToken cancellationToken)
    {
        _folder = Directory.CreateTempSubdirectory("hypeman-demo-").FullName;
        _runner.Undo(_ =>
        {
            Directory.Delete(_folder, recursive: true);
            return Task.CompletedTask;
        });
        say("looking for busybox");
        var busybox = await Busybox.FindAsync(_folder, cancellationToken);
        var (digest, bytes) = await WebServerImage.WriteAsync(Path.Combine(_folder, "image"), busybox, cancellationToken);
        return $"busybox httpd, one layer of {bytes / 1024} KB, {digest[..19]}";
    }

    private async Task<string> PushAsync(Action<string> say, CancellationToken cancellationToken)
    {
        using var layout = OciLayout.Open(Path.Combine(_folder, "image"));
        _image = await fleet.Registry.PushAsync(
            layout, $"{_name}:v1", at => say($"blob {at.Blob} of {at.Blobs}"), cancellationToken);
        _runner.Undo(token => fleet.Images.DeleteAsync(_image, token));
        return _image;
    }

    private async Task<string> ConvertAsync(Action<string> say, CancellationToken cancellationToken)
    {
        var image = await BoundedAsync(
            ImageTime, "the image was not ready",
            token => fleet.Images.WaitAsync(_image, absentIsFine: true, TimeProvider.System, at => say(at.Status), token), cancellationToken);
        return image.Status == "ready"
            ? $"{image.SizeBytes / 1024} KB, read-only, shared by all its instances"
            : throw new DemoException($"the image {image.Status}: {image.Error}");
    }

    private async Task<string> CreateAsync(Action<string> say, CancellationToken cancellationToken)
    {
        _runner.Undo(token => IgnoreAbsentAsync(fleet.Instances.DeleteAsync(_name, token)));
        var instance = await fleet.Instances.CreateAsync(
            new CreateInstance { Name = _name, Image = _image, Size = "256MB", OverlaySize = "1GB", Vcpus = 1 }, cancellationToken);
        return $"{instance.Name} ({instance.Id}) is {instance.State}";
    }

    private async Task<string> WaitAsync(Action<string> say, CancellationToken cancellationToken)
    {
        var result = await fleet.Instances.WaitAsync(_name, "Running", BootTime, cancellationToken);
        var instance = await fleet.Instances.GetAsync(_name, cancellationToken);
        return result.State == "Running"
            ? $"Running, address {instance.Network?.Ip}"
            : throw new DemoException(
                $"it is {result.State}: {result.StateError ?? instance.ExitMessage ?? "no reason is given"}; "
                + $"its log ends: {await LastLogLineAsync(cancellationToken)}");
    }

    private async Task<string> ExecAsync(Action<string> say, CancellationToken cancellationToken)
    {
        var output = new MemoryStream();
        await using var session = await fleet.Instances.ExecAsync(
            _name, new ExecRequest { Command = ["uname", "-snr"] }, cancellationToken);
        await foreach (var piece in session.ReadOutputAsync(cancellationToken))
            output.Write(piece.Span);
        var text = Encoding.UTF8.GetString(output.ToArray()).Trim();
        return session.ExitCode == 0 ? $"uname -snr: {text}" : throw new DemoException($"uname ended with {session.ExitCode}: {text}");
    }

    private async Task<string> ReadLogAsync(Action<string> say, CancellationToken cancellationToken) =>
        "last line: " + await LastLogLineAsync(cancellationToken);

    private async Task<string> PublishAsync(Action<string> say, CancellationToken cancellationToken)
    {
        var made = await fleet.Ingresses.CreateAsync(
            new CreateIngress(_name, [new IngressRule(new IngressMatch(Host), new IngressTarget(_name, WebServerImage.Port))]), cancellationToken);
        _runner.Undo(token => fleet.Ingresses.DeleteAsync(made.Id, token));
        return $"{Host} -> {_name}:{WebServerImage.Port}";
    }

    /// <summary>The machine is Running a moment before its web server listens: until then the answer is a 502.</summary>
    private Task<string> FetchAsync(Action<string> say, CancellationToken cancellationToken) =>
        BoundedAsync(PageTime, $"{ingressUrl} gave no page for {Host}", async token =>
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            while (true)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, ingressUrl) { Headers = { Host = Host } };
                using var response = await http.SendAsync(request, token);
                var text = (await response.Content.ReadAsStringAsync(token)).Trim();
                if (response.IsSuccessStatusCode)
                    return text.Contains(_name, StringComparison.Ordinal) ? text : throw new DemoException($"that is not its page: {text}");
                say($"{(int)response.StatusCode}: {text}");
                await Task.Delay(PageRetry, TimeProvider.System, token);
            }
        }, cancellationToken);

    private async Task<string> LastLogLineAsync(CancellationToken cancellationToken)
    {
        var last = "(nothing)";
        await foreach (var line in fleet.Instances.ReadLogAsync(_name, "app", 20, follow: false, cancellationToken))
            if (!string.IsNullOrWhiteSpace(line))
                last = line.Trim();
        return last;
    }

    private static async Task<T> BoundedAsync<T>(
        TimeSpan limit, string complaint, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(limit);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await work(both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DemoException($"{complaint} within {limit.TotalSeconds:0} s");
        }
    }

    private static async Task IgnoreAbsentAsync(Task deletion)
    {
        try
        {
            await deletion;
        }
        catch (ApiException e) when (e.Status == System.Net.HttpStatusCode.NotFound)
        {
            // It was never made, or is gone already.
        }
    }
}
