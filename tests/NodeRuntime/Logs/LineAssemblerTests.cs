using System.Text;
using CsCheck;
using Hypeman.NodeRuntime.Logs;

namespace Hypeman.Tests.NodeRuntime.Logs;

public sealed class LineAssemblerTests
{
    [Fact]
    public void Lines_are_the_same_however_the_bytes_come() => Gen.Select(
        Gen.String[Gen.Char["abc\r\né漢"], 0, 200], Gen.Int[1, 7]).Sample((text, step) =>
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var inPieces = new List<string>();
        var assembler = new LineAssembler();
        for (var i = 0; i < bytes.Length; i += step)
            assembler.Add(bytes.AsSpan(i, Math.Min(step, bytes.Length - i)), inPieces);
        var rest = assembler.TakeRest();

        Assert.Equal(Split(text), rest is null ? inPieces : [.. inPieces, rest]);
    });

    [Fact]
    public void A_line_without_end_comes_in_pieces_that_cut_no_character()
    {
        var text = new string('a', LineAssembler.MaxLineBytes - 1) + "漢字" + new string('b', 10) + "\n";
        var lines = new List<string>();

        new LineAssembler().Add(Encoding.UTF8.GetBytes(text), lines);

        Assert.Equal([new string('a', LineAssembler.MaxLineBytes - 1), "漢字" + new string('b', 10)], lines);
    }

    [Fact]
    public void Endless_garbage_comes_in_pieces_too()
    {
        var lines = new List<string>();
        new LineAssembler().Add(Enumerable.Repeat((byte)0x80, 3 * LineAssembler.MaxLineBytes + 1).ToArray(), lines);
        Assert.Equal(3, lines.Count);
    }

    private static IEnumerable<string> Split(string text)
    {
        var lines = text.Split('\n');
        return (lines[^1].Length == 0 ? lines[..^1] : lines).Select(line => line.EndsWith('\r') ? line[..^1] : line);
    }
}
