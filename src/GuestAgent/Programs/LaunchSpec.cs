using System.Text.Json;
using System.Text.Json.Serialization;
using Hypeman.GuestAgent.Linux;

namespace Hypeman.GuestAgent.Programs;

/// <summary>
/// All that the exec helper needs to become a program. It travels in a memory file, not in the helper's environment:
/// variables that are meant for the program must not configure the helper's own runtime.
/// </summary>
internal sealed record LaunchSpec
{
    /// <summary>The descriptor on which the helper finds it.</summary>
    public const int Descriptor = 3;

    public required IReadOnlyList<string> Arguments { get; init; }
    public required IReadOnlyDictionary<string, string> Env { get; init; }
    public string WorkingDir { get; init; } = "/";

    /// <summary>An image's working directory need not exist yet; one that a command asks for must.</summary>
    public bool MakeWorkingDir { get; init; }
    public uint Uid { get; init; }
    public uint Gid { get; init; }
    public IReadOnlyList<uint> Groups { get; init; } = [];

    /// <summary>Descriptor 0 is a terminal that the program's session shall own.</summary>
    public bool Tty { get; init; }

    /// <summary>A cgroup to join, as a directory; null stays in the parent's.</summary>
    public string? Cgroup { get; init; }

    /// <summary>Starts the helper, which becomes the program.</summary>
    /// <returns>Its pid, which is also that of its session; the caller reaps it.</returns>
    public int Start(int stdin, int stdout, int stderr)
    {
        const uint closeOnExec = 1;
        using var memory = new Fd(LinuxException.Check(Libc.MemoryFile("launch", closeOnExec), "memory file"));
        memory.WriteAll(JsonSerializer.SerializeToUtf8Bytes(this, LaunchJsonContext.Default.LaunchSpec));
        LinuxException.Check(Libc.Seek(memory.Number, 0, 0), "seek");
        return Spawn.Start(Spawn.Self, ["hypeman", "exec-helper"], stdin, stdout, stderr, memory.Number);
    }

    public static LaunchSpec Receive()
    {
        using var stream = new MemoryStream();
        using var memory = new Fd(Descriptor);
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = memory.Read(buffer)) > 0)
            stream.Write(buffer, 0, count);
        return JsonSerializer.Deserialize(stream.GetBuffer().AsSpan(0, (int)stream.Length), LaunchJsonContext.Default.LaunchSpec)
            ?? throw new InvalidDataException("There is nothing to launch.");
    }
}

[JsonSerializable(typeof(LaunchSpec))]
internal sealed partial class LaunchJsonContext : JsonSerializerContext;
