using System.Runtime.InteropServices;

namespace Hypeman.NodeRuntime.Linux;

public static partial class Spawner
{
    private const int ReadOnly = 0, WriteOnly = 1, Create = 0x40, Append = 0x400;

    // glibc's opaque types are smaller (80, 336 and 128 bytes on x86-64).
    private const int ActionsSize = 512, AttributesSize = 1024, SignalSetSize = 512;

    [LibraryImport("libc", EntryPoint = "posix_spawn", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int PosixSpawn(
        out int pid, string path, nint actions, nint attributes, nint arguments, nint environment);

    private static void Require(int error, string what)
    {
        if (error != 0)
            throw new LinuxException(error, what);
    }

    private sealed partial class FileActions : IDisposable
    {
        internal FileActions() => Require(Init(Pointer), "posix_spawn_file_actions_init");

        internal nint Pointer { get; } = Marshal.AllocHGlobal(ActionsSize);

        internal void ChangeDirectory(string path) => Require(AddChangeDirectory(Pointer, path), "spawn chdir");
        internal void Open(int fd, string path, int flags) => Require(AddOpen(Pointer, fd, path, flags, (uint)FileModes.Private), "spawn open");

        /// <summary>Also clears close-on-exec, even where both are the same.</summary>
        internal void Duplicate(int from, int to) => Require(AddDuplicate(Pointer, from, to), "spawn dup2");
        internal void CloseFrom(int first) => Require(AddCloseFrom(Pointer, first), "spawn closefrom");

        public void Dispose()
        {
            _ = Destroy(Pointer);
            Marshal.FreeHGlobal(Pointer);
        }

        [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
        private static partial int Init(nint actions);

        [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
        private static partial int Destroy(nint actions);

        [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
        private static partial int AddOpen(nint actions, int fd, string path, int flags, uint mode);

        [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
        private static partial int AddDuplicate(nint actions, int from, int to);

        [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addchdir_np", StringMarshalling = StringMarshalling.Utf8)]
        private static partial int AddChangeDirectory(nint actions, string path);

        [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
        private static partial int AddCloseFrom(nint actions, int first);
    }

    /// <summary>A new session, no blocked signal, and no ignored one: .NET ignores SIGPIPE and that would be inherited.</summary>
    private sealed partial class Attributes : IDisposable
    {
        private const short SetSignalDefaults = 0x04, SetSignalMask = 0x08, SetSession = 0x80;

        internal Attributes()
        {
            Require(Init(Pointer), "posix_spawnattr_init");
            var signals = Marshal.AllocHGlobal(SignalSetSize);
            try
            {
                _ = EmptySet(signals);
                Require(SetMask(Pointer, signals), "posix_spawnattr_setsigmask");
                _ = FillSet(signals);
                Require(SetDefaults(Pointer, signals), "posix_spawnattr_setsigdefault");
                Require(SetFlags(Pointer, SetSignalDefaults | SetSignalMask | SetSession), "posix_spawnattr_setflags");
            }
            finally
            {
                Marshal.FreeHGlobal(signals);
            }
        }

        internal nint Pointer { get; } = Marshal.AllocHGlobal(AttributesSize);

        public void Dispose()
        {
            _ = Destroy(Pointer);
            Marshal.FreeHGlobal(Pointer);
        }

        [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
        private static partial int Init(nint attributes);

        [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
        private static partial int Destroy(nint attributes);

        [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
        private static partial int SetFlags(nint attributes, short flags);

        [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
        private static partial int SetMask(nint attributes, nint signals);

        [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
        private static partial int SetDefaults(nint attributes, nint signals);

        [LibraryImport("libc", EntryPoint = "sigemptyset")]
        private static partial int EmptySet(nint signals);

        [LibraryImport("libc", EntryPoint = "sigfillset")]
        private static partial int FillSet(nint signals);
    }

    /// <summary>Null-terminated arrays of strings, freed together.</summary>
    private sealed class NativeStrings : IDisposable
    {
        private readonly List<nint> _blocks = [];

        internal nint Array(IReadOnlyList<string> strings)
        {
            var array = Marshal.AllocCoTaskMem((strings.Count + 1) * nint.Size);
            _blocks.Add(array);
            for (var i = 0; i < strings.Count; i++)
            {
                var text = Marshal.StringToCoTaskMemUTF8(strings[i]);
                _blocks.Add(text);
                Marshal.WriteIntPtr(array, i * nint.Size, text);
            }
            Marshal.WriteIntPtr(array, strings.Count * nint.Size, 0);
            return array;
        }

        public void Dispose() => _blocks.ForEach(Marshal.FreeCoTaskMem);
    }
}
