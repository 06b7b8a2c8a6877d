namespace Hypeman.GuestAgent.Linux;

/// <summary>The modules in the initial file system; <c>list</c> has them in loading order with the stage that needs them.</summary>
internal sealed unsafe class KernelModules(string directory)
{
    private const int FinitModule = 313;

    private readonly (string Stage, string Name)[] _list = [.. File.ReadAllLines(Path.Combine(directory, "list"))
        .Select(line => line.Split(' ')).Where(words => words.Length == 2).Select(words => (words[0], words[1]))];

    public void Load(string stage)
    {
        foreach (var (_, name) in _list.Where(module => module.Stage == stage))
            Load(name, Path.Combine(directory, name));
    }

    private static void Load(string name, string path)
    {
        using var file = Fd.Open(path, OpenFlags.ReadOnly);
        byte noParameters = 0;
        if (Libc.Syscall(FinitModule, file.Number, (nint)(&noParameters), 0, 0, 0) < 0 && LinuxException.LastErrno != Errno.Exists)
            throw new LinuxException($"load the kernel module {name}", LinuxException.LastErrno);
    }
}
