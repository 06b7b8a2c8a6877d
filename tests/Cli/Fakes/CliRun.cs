using System.Text;
using Hypeman.Cli;
using Hypeman.Cli.Invocation;

namespace Hypeman.Tests.Cli.Fakes;

/// <summary>A whole run of the command, as a script sees it.</summary>
internal sealed record CliRun(int ExitCode, string Out, string Error)
{
    public static Task<CliRun> Async(ScriptedServer server, params string[] arguments) => Async(server, "", arguments);

    public static Task<CliRun> Async(ScriptedServer server, string input, string[] arguments) => Async(
        new Dictionary<string, string> { ["HYPEMAN_BASE_URL"] = server.Url, ["HYPEMAN_API_KEY"] = "key" }, input, arguments);

    public static async Task<CliRun> Async(
        IReadOnlyDictionary<string, string> env, string input, string[] arguments, string home = "/nonexistent")
    {
        var (text, bytes, error) = (new StringWriter(), new MemoryStream(), new StringWriter());
        var code = await HypemanCommand.RunAsync(
            new CliHost
            {
                Out = text,
                Error = error,
                OpenIn = () => new MemoryStream(Encoding.UTF8.GetBytes(input)),
                OutBytes = bytes,
                Env = env.GetValueOrDefault,
                Home = home,
            },
            arguments);
        return new CliRun(code, text + Encoding.UTF8.GetString(bytes.ToArray()), error.ToString());
    }
}
