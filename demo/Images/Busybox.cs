using System.Buffers.Binary;
using System.Diagnostics;

namespace Hypeman.Demo.Images;

/// <summary>The static busybox of Debian's busybox-static: the whole user land of the demo's image in one file.</summary>
internal static class Busybox
{
    private const string Installed = "/bin/busybox";
    private const string Package = "busybox-static";
    private static readonly string[] PathsInPackage = ["bin/busybox", "usr/bin/busybox"];

    /// <summary>The installed one, or else the one in the package, fetched into <paramref name="folder"/>.</summary>
    /// <exception cref="DemoException">It can be had neither way.</exception>
    public static async Task<string> FindAsync(string folder, CancellationToken cancellationToken)
    {
        if (IsStatic(Installed))
            return Installed;
        await RunAsync(folder, ["apt-get", "download", Package], cancellationToken);
        var package = Directory.GetFiles(folder, Package + "_*.deb").FirstOrDefault()
            ?? throw new Steps.DemoException($"apt-get brought no {Package}. Install it: apt-get install {Package}");
        await RunAsync(folder, ["dpkg-deb", "-x", package, folder], cancellationToken);
        var unpacked = PathsInPackage.Select(path => Path.Combine(folder, path)).FirstOrDefault(IsStatic);
        return unpacked ?? throw new Steps.DemoException($"The package {Package} holds no static busybox.");
    }

    /// <summary>An ELF program is static when it names no interpreter that would load libraries.</summary>
    internal static bool IsStatic(string path)
    {
        const int HeaderBytes = 64, ProgramHeaderBytes = 56, InterpreterSegment = 3;
        if (!File.Exists(path))
            return false;
        using var file = File.OpenRead(path);
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (file.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes || !header.StartsWith("\u007fELF\u0002\u0001"u8))
            return false;
        file.Position = BinaryPrimitives.ReadInt64LittleEndian(header[32..]);
        var segments = BinaryPrimitives.ReadUInt16LittleEndian(header[56..]);
        Span<byte> segment = stackalloc byte[ProgramHeaderBytes];
        for (var i = 0; i < segments; i++)
        {
            file.ReadExactly(segment);
            if (BinaryPrimitives.ReadUInt32LittleEndian(segment) == InterpreterSegment)
                return false;
        }
        return segments > 0;
    }

    private static async Task RunAsync(string folder, string[] command, CancellationToken cancellationToken)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(command[0], command[1..])
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        try
        {
#pragma warning disable RS0030 // The demo is no part of the server and starts no VMs: two package tools, awaited here.
            process.Start();
#pragma warning restore RS0030
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new Steps.DemoException($"{command[0]} cannot be started ({e.Message}). Install {Package} by hand.");
        }
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0)
                throw new Steps.DemoException(
                    $"'{string.Join(' ', command)}' failed: {LastLine(await error + await output)}. Install it: apt-get install {Package}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    private static string LastLine(string text) => text.TrimEnd().Split('\n')[^1];
}
