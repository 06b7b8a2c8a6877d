using System.Text.RegularExpressions;

namespace Hypeman.Tests.Repo;

/// <summary>Rules of style that a compiler does not check.</summary>
public partial class SourceRuleTests
{
    private const int FileLines = 500;
    private const int LineColumns = 160;

    private static readonly string[] Typeless = ["Program.cs", "GlobalUsings.cs", "Parallelism.cs"];

    [Fact]
    public void No_source_file_is_longer_than_500_lines() =>
        AssertNone(Repository.Sources.Where(path => Repository.ReadLines(path).Length > FileLines));

    [Fact]
    public void No_line_is_wider_than_160_columns() =>
        AssertNone(Lines(Repository.Sources).Where(line => line.Text.Length > LineColumns).Select(line => line.Place));

    [Fact]
    public void A_source_file_is_named_after_a_type_that_it_holds() =>
        AssertNone(Repository.Sources.Where(path => !Typeless.Contains(Path.GetFileName(path)) && !HoldsItsType(path)));

    [Fact]
    public void Nothing_unfinished_is_left_in_the_sources() =>
        AssertNone(Matches(Repository.Files("src", "*.cs"), Unfinished()));

    [Fact]
    public void No_fixed_pause_stands_where_a_signal_could_be_awaited() =>
        AssertNone(Matches(Repository.Sources, FixedPause()));

    [Fact]
    public void Native_calls_live_in_the_Linux_folders() =>
        AssertNone(Matches(Repository.Files("src", "*.cs").Where(path => !path.Contains("/Linux/")), NativeCall()));

    [Fact]
    public void Only_the_catalogues_and_factories_are_grains_with_a_constant_key() =>
        AssertNone(Matches(Repository.Files("src", "*.cs").Where(path => path != "src/Contracts/GrainKeys.cs"), ConstantKey()));

    [Fact]
    public void No_message_between_silos_is_stored_as_grain_state() =>
        AssertNone(Matches(Repository.Files("src", "*.cs"), StoredMessage()));

    /// <summary>A part of a type is named after the type and what the part is about: <c>Spawner.Native.cs</c>.</summary>
    private static bool HoldsItsType(string path) => Regex.IsMatch(
        Repository.Read(path), $@"\b(class|struct|record|interface|enum|delegate [\w<>]+) {Path.GetFileName(path).Split('.')[0]}\b");

    private static IEnumerable<string> Matches(IEnumerable<string> files, Regex pattern) =>
        Lines(files).Where(line => pattern.IsMatch(line.Text)).Select(line => $"{line.Place}: {line.Text.Trim()}");

    private static IEnumerable<(string Place, string Text)> Lines(IEnumerable<string> files) =>
        from path in files
        where path != "tests/Repo/SourceRuleTests.cs"
        from line in Repository.ReadLines(path).Select((text, index) => ($"{path}:{index + 1}", text))
        select line;

    private static void AssertNone(IEnumerable<string> found)
    {
        var all = found.ToList();
        Assert.True(all.Count == 0, string.Join('\n', all));
    }

    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b|NotImplementedException")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"Thread\.Sleep|Task\.Delay\([0-9]")]
    private static partial Regex FixedPause();

    [GeneratedRegex(@"\[(LibraryImport|DllImport)\(")]
    private static partial Regex NativeCall();

    [GeneratedRegex(@"GetGrain<\w+>\((0|"")")]
    private static partial Regex ConstantKey();

    [GeneratedRegex(@"IPersistentState<\w*(Info|Spec|Order|Observation)>")]
    private static partial Regex StoredMessage();
}
