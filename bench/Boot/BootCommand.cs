using System.CommandLine;

namespace Hypeman.Bench.Boot;

internal static class BootCommand
{
    public static Command Create()
    {
        var data = new Option<string>("--data") { Description = "Data directory of the running fleet.", Required = true };
        var kernel = new Option<string>("--kernel-dir") { Description = "The guest's kernel tree.", Required = true };
        var guest = new Option<string>("--guest-binary") { Description = "The guest's init.", Required = true };
        var runs = new Option<int>("--runs") { Description = "Boots of each kind.", DefaultValueFactory = _ => 7 };
        var command = new Command("boot", "Boots a VM by hand and by the API, in turn, until its program speaks.")
        {
            data, kernel, guest, runs,
        };
        command.SetAction((parsed, cancellationToken) => new BootBenchmark(
            parsed.GetValue(data)!, parsed.GetValue(kernel)!, parsed.GetValue(guest)!, parsed.GetValue(runs)).RunAsync(cancellationToken));
        return command;
    }
}
