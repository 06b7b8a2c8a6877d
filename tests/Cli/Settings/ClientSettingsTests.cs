using Hypeman.Cli.Invocation;
using Hypeman.Cli.Settings;

namespace Hypeman.Tests.Cli.Settings;

public sealed class ClientSettingsTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("hypeman-cli-").FullName;
    private readonly Dictionary<string, string> _env = [];

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Fact]
    public void Without_anything_it_is_the_fleet_of_this_machine() =>
        Assert.Equal(new ClientSettings(new Uri("http://localhost:8080"), null), Read());

    [Fact]
    public void The_file_is_read_with_comments_and_quotes()
    {
        WriteFile("# mine\nbase_url: \"https://fleet.example.com\"\n\napi_key: abc # the key\n");

        Assert.Equal(new ClientSettings(new Uri("https://fleet.example.com"), "abc"), Read());
    }

    [Fact]
    public void The_environment_beats_the_file_and_an_option_beats_both()
    {
        WriteFile("base_url: http://file:1\napi_key: file");
        _env["HYPEMAN_BASE_URL"] = "http://env:1";
        _env["HYPEMAN_BEARER_TOKEN"] = "env";

        Assert.Equal(new ClientSettings(new Uri("http://env:1"), "env"), Read());
        Assert.Equal(new ClientSettings(new Uri("http://option:1"), "option"), Read("http://option:1", "option"));
    }

    [Theory]
    [InlineData("localhost:8080")]
    [InlineData("ftp://host")]
    [InlineData("nonsense")]
    public void What_is_no_URL_is_refused(string url) =>
        Assert.Equal(ExitCode.Usage, Assert.Throws<CliException>(() => Read(url)).ExitCode);

    private ClientSettings Read(string? url = null, string? key = null) => ClientSettings.Read(
        new CliHost
        {
            Out = TextWriter.Null,
            Error = TextWriter.Null,
            OpenIn = () => Stream.Null,
            OutBytes = Stream.Null,
            Env = name => _env.GetValueOrDefault(name),
            Home = _home,
        },
        url, key);

    private void WriteFile(string text)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_home, ".config", "hypeman")).FullName;
        File.WriteAllText(Path.Combine(folder, "cli.yaml"), text);
    }
}
