using System.Collections.Concurrent;

namespace Hypeman.Ingress.Traffic;

/// <summary>
/// So many different labels and no more, whoever makes up names: what comes after is counted together. Monitoring keeps a label
/// for as long as it keeps anything, so a place that is taken is not given away again.
/// </summary>
internal sealed class LabelBudget(int most)
{
    public const string Other = "other";

    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);

    public string Of(string label)
    {
        if (_known.ContainsKey(label))
            return label;
        lock (_known)
            return _known.Count < most && _known.TryAdd(label, true) ? label : _known.ContainsKey(label) ? label : Other;
    }
}
