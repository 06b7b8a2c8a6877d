using Hypeman.Cli.Invocation;
using Hypeman.Client.Http;
using Spectre.Console;

namespace Hypeman.Cli.Output;

/// <summary>Answers on stdout, for people or as JSON; what is going on, on stderr and only for people.</summary>
internal sealed class Printer(CliHost host, bool json)
{
    /// <summary>No line is broken when nobody looks: scripts cut columns.</summary>
    private const int PlainWidth = 10_000;

    public void Line(string text) => host.Out.WriteLine(text);

    /// <summary>A resource: as JSON, or in the words given.</summary>
    public void Resource<T>(T resource, Func<T, string> words) => Line(json ? ApiText.Write(resource) : words(resource));

    /// <summary>A list: as JSON, or a row each.</summary>
    public void List<T>(List<T> items, IReadOnlyList<string> columns, Func<T, IReadOnlyList<string>> cells)
    {
        if (json)
        {
            Line(ApiText.Write(items));
            return;
        }
        var table = new Table().Border(TableBorder.None);
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))).NoWrap().PadLeft(0).PadRight(3));
        foreach (var item in items)
            table.AddRow(cells(item).Select(cell => new Text(cell)));
        Write(table);
    }

    /// <summary>One resource in full: as JSON, or a line for each field that has a value.</summary>
    public void Fields<T>(T resource, IEnumerable<(string Name, string? Value)> fields)
    {
        if (json)
        {
            Line(ApiText.Write(resource));
            return;
        }
        var shown = fields.Where(field => !string.IsNullOrEmpty(field.Value)).ToList();
        var width = shown.Max(field => field.Name.Length) + 2;
        foreach (var (name, value) in shown)
            Line($"{(name + ":").PadRight(width)}{value}");
    }

    /// <summary>A word to the person at the terminal; never part of the answer.</summary>
    public void Note(string text) => host.Error.WriteLine(text);

    /// <summary>Runs something slow; at a terminal a line shows what it is doing, elsewhere nothing is said.</summary>
    public async Task<T> WhileAsync<T>(string doing, Func<Action<string>, Task<T>> work)
    {
        if (!host.ErrorIsTerminal || json)
            return await work(_ => { });
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(host.Error) });
        return await console.Status().StartAsync(
            Markup.Escape(doing), status => work(text => status.Status = Markup.Escape(text)));
    }

    private void Write(Table table)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(host.Out),
            Ansi = host.OutIsTerminal ? AnsiSupport.Detect : AnsiSupport.No,
            Interactive = InteractionSupport.No,
        });
        if (!host.OutIsTerminal)
            console.Profile.Width = PlainWidth;
        console.Write(table);
    }
}
