using System.Xml.Linq;

namespace Hypeman.Tests.Repo;

/// <summary>The assembly is the boundary: what each project may see is decided here, not where it is convenient.</summary>
public class ProjectReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Contracts"] = [],
        ["GuestProtocol"] = [],
        ["GuestAgent"] = ["GuestProtocol"],
        ["NodeRuntime"] = ["GuestProtocol"],
        ["Storage"] = ["Contracts"],
        ["Certificates"] = [],
        ["Grains"] = ["Contracts", "NodeRuntime", "Certificates"],
        ["Gateway"] = ["Contracts"],
        ["Ingress"] = ["Contracts", "Certificates"],
        ["Peers"] = ["Contracts", "NodeRuntime"],
        ["Client"] = [],
        ["Cli"] = ["Client"],
        ["Silo"] = ["Contracts", "Storage", "Grains", "Gateway", "Ingress", "NodeRuntime", "Peers", "Certificates"],
    };

    [Fact]
    public void A_project_references_only_what_its_boundary_allows()
    {
        foreach (var (project, references) in Projects())
        {
            Assert.True(Allowed.TryGetValue(project, out var allowed), $"src/{project} is not in the table of boundaries");
            var forbidden = references.Except(allowed!).ToList();
            Assert.True(forbidden.Count == 0, $"src/{project} must not reference {string.Join(", ", forbidden)}");
        }
    }

    [Fact]
    public void All_test_projects_are_run_by_the_test_command()
    {
        var list = Repository.Read("scripts/test.sh").Split('\n').Single(line => line.StartsWith("test_projects=", StringComparison.Ordinal));
        var run = list.Split('\'')[1].Split(' ');

        Assert.Equal(
            Repository.Files("tests", "*.Tests.csproj").Select(path => Path.GetFileName(path)[..^".Tests.csproj".Length]).Order(StringComparer.Ordinal),
            run.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Nothing_references_the_composition_root() =>
        Assert.DoesNotContain(Projects(), project => project.References.Contains("Silo"));

    [Fact]
    public void The_guest_and_its_protocol_use_no_package()
    {
        foreach (var project in new[] { "GuestProtocol", "GuestAgent" })
            Assert.Empty(Elements(project, "PackageReference"));
    }

    [Fact]
    public void The_node_runtime_knows_neither_Orleans_nor_the_API() =>
        Assert.DoesNotContain(Elements("NodeRuntime", "PackageReference"), package => package.Contains("Orleans"));

    private static IEnumerable<(string Project, List<string> References)> Projects() =>
        from path in Repository.Files("src", "*.csproj")
        let project = Path.GetFileNameWithoutExtension(path)
        select (project, Elements(project, "ProjectReference").Select(include => Path.GetFileNameWithoutExtension(include.Replace('\\', '/'))).ToList());

    private static List<string> Elements(string project, string name) =>
        XDocument.Parse(Repository.Read($"src/{project}/{project}.csproj"))
            .Descendants(name)
            .Select(element => (string?)element.Attribute("Include") ?? "")
            .ToList();
}
