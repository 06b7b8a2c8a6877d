using System.Text;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Logs;

/// <summary>What we did with one VM, for its owner: a line each, with its time.</summary>
public sealed class OperationsLog(string path, TimeProvider time)
{
    private readonly Lock _gate = new();

    public void Append(string line)
    {
        var text = $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {line.ReplaceLineEndings(" ")}\n";
        lock (_gate)
        {
            using var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.Append,
                Access = FileAccess.Write,
                Share = FileShare.ReadWrite | FileShare.Delete,
                UnixCreateMode = FileModes.Private,
            });
            file.Write(Encoding.UTF8.GetBytes(text));
        }
    }
}
