using System.Text.RegularExpressions;

namespace Hypeman.Tests.Repo;

/// <summary>Documents that nobody checks rot: what can be checked is checked here.</summary>
public partial class DocumentTests
{
    [Fact]
    public void The_readme_begins_with_the_two_commands()
    {
        var readme = Repository.Read("README.md");
        Assert.Contains("./dev demo", readme);
        Assert.Contains("./dev test", readme);
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("ARCHITECTURE.md")]
    public void Every_path_that_a_document_names_exists(string document)
    {
        var missing = Paths().Matches(Repository.Read(document))
            .Select(match => match.Groups[1].Value)
            .Where(path => !Path.Exists(Path.Combine(Repository.Root, path)))
            .Distinct()
            .ToList();
        Assert.True(missing.Count == 0, $"{document} names what is not there: {string.Join(", ", missing)}");
    }

    [Fact]
    public void The_architecture_is_told_on_one_page() =>
        Assert.InRange(Repository.ReadLines("ARCHITECTURE.md").Length, 40, 160);

    /// <summary>Paths in backticks that begin with a folder of the repository.</summary>
    [GeneratedRegex(@"`((?:src|tests|bench|demo|scripts)/[\w./-]+)`")]
    private static partial Regex Paths();
}
