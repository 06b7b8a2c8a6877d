namespace Hypeman.Ingress.Traffic;

/// <summary>
/// A file that is appended to and, when it has grown enough, becomes <c>.1</c>; that becomes <c>.2</c>, and so on, up to so many.
/// One that somebody else has moved away is begun anew.
/// </summary>
internal sealed class RotatedFile(string path, long mostBytes, int files) : IDisposable
{
    private FileStream? _file;

    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public void Append(ReadOnlySpan<byte> lines)
    {
        if (_file is not null && !File.Exists(path))
            Close();
        if ((_file ??= Open()).Length >= mostBytes)
            Rotate();
        _file.Write(lines);
    }

    public void Dispose() => Close();

    private void Rotate()
    {
        Close();
        for (var number = files - 1; number > 0; number--)
            if (File.Exists(Name(number - 1)))
                File.Move(Name(number - 1), Name(number), overwrite: true);
        _file = Open();
    }

    private string Name(int number) => number == 0 ? path : $"{path}.{number}";

    private FileStream Open()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        return new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead,
        });
    }

    private void Close()
    {
        _file?.Dispose();
        _file = null;
    }
}
