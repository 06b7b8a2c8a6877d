using System.Runtime.InteropServices;
using System.Text;

namespace Hypeman.GuestAgent.Linux;

/// <summary>A null-terminated array of C strings, as execve takes it.</summary>
internal sealed unsafe class NativeStrings : IDisposable
{
    private readonly byte* _text;

    public NativeStrings(IEnumerable<string> values)
    {
        var encoded = values.Select(value => Encoding.UTF8.GetBytes(value)).ToArray();
        var table = (nuint)(encoded.Length + 1) * (nuint)sizeof(byte*);
        Pointer = (byte**)NativeMemory.AllocZeroed(table + (nuint)encoded.Sum(value => value.Length + 1));
        _text = (byte*)Pointer + table;
        var next = _text;
        for (var i = 0; i < encoded.Length; i++)
        {
            Pointer[i] = next;
            encoded[i].CopyTo(new Span<byte>(next, encoded[i].Length));
            next += encoded[i].Length + 1;
        }
    }

    public byte** Pointer { get; }

    public void Dispose() => NativeMemory.Free(Pointer);
}
