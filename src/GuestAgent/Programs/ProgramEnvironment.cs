using Hypeman.GuestProtocol.Messages;

namespace Hypeman.GuestAgent.Programs;

/// <summary>What a program is started with, from what the image and the request say.</summary>
internal static class ProgramEnvironment
{
    /// <summary>Defaults below the program's own variables, as docker run has them.</summary>
    public static IReadOnlyDictionary<string, string> Env(GuestProgram program, string hostname, string home)
    {
        var env = new Dictionary<string, string>
        {
            ["PATH"] = ProgramPath.Default,
            ["HOSTNAME"] = hostname,
            ["HOME"] = home,
        };
        foreach (var (name, value) in program.Env)
            env[name] = value;
        return env;
    }

    public static LaunchSpec Spec(GuestProgram program, string hostname)
    {
        var user = ImageUsers.Resolve(program.User, Lines("/etc/passwd"), Lines("/etc/group"));
        return new LaunchSpec
        {
            Arguments = program.Arguments,
            Env = Env(program, hostname, user.Home),
            WorkingDir = string.IsNullOrEmpty(program.WorkingDir) ? "/" : program.WorkingDir,
            MakeWorkingDir = true,
            Uid = user.Uid,
            Gid = user.Gid,
            Groups = user.Groups,
        };
    }

    /// <summary>Nothing for a file that an image need not have.</summary>
    public static IReadOnlyList<string> Lines(string path) => File.Exists(path) ? File.ReadAllLines(path) : [];
}
