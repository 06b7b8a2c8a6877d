using System.CommandLine;
using Hypeman.Cli.Invocation;

namespace Hypeman.Cli.Settings;

/// <summary>Completion: the shell asks this command itself, through the parser's suggest directive.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _hypeman() {
          local IFS=$'\n'
          COMPREPLY=($(compgen -W "$(hypeman "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _hypeman hypeman
        """;

    private const string Zsh = "autoload -U +X bashcompinit && bashcompinit\n" + Bash;

    private const string Fish =
        "complete -f -c hypeman -a '(hypeman \"[suggest:\"(commandline -C)\"]\" (commandline -cp) 2>/dev/null)'";

    public static Command Make(CliHost host)
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Print a completion script: eval \"$(hypeman completion bash)\"") { shell };
        return command.Does(host, (run, _) =>
        {
            run.Print.Line(run.Value(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish });
            return Task.CompletedTask;
        });
    }
}
