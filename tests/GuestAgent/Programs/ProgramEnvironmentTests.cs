using Hypeman.GuestAgent.Programs;
using Hypeman.GuestProtocol.Messages;

namespace Hypeman.Tests.GuestAgent.Programs;

public sealed class ProgramEnvironmentTests
{
    [Fact]
    public void Defaults_stand_below_the_programs_own_variables()
    {
        var program = new GuestProgram { Arguments = ["x"], Env = new Dictionary<string, string> { ["HOME"] = "/mine", ["A"] = "b" } };
        var env = ProgramEnvironment.Env(program, "web", "/root");
        Assert.Equal(("/mine", "b", "web", ProgramPath.Default), (env["HOME"], env["A"], env["HOSTNAME"], env["PATH"]));
    }

    [Theory]
    [InlineData("tool", "/a:/b", "/a/tool,/b/tool")]
    [InlineData("tool", "/a::/b", "/a/tool,./tool,/b/tool")]
    [InlineData("./tool", "/a", "./tool")]
    [InlineData("/x/tool", "/a", "/x/tool")]
    [InlineData("", "/a", "")]
    public void A_program_is_looked_for_along_the_path(string name, string path, string candidates) =>
        Assert.Equal(candidates, string.Join(',', ProgramPath.Candidates(name, path)));

    [Fact]
    public void Without_a_path_the_usual_folders_are_taken() =>
        Assert.Equal(6, ProgramPath.Candidates("tool", null).Count());
}
