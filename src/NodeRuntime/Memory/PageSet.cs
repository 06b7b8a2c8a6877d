using System.Numerics;

namespace Hypeman.NodeRuntime.Memory;

/// <summary>Pages that follow each other.</summary>
public readonly record struct PageRun(long First, long Count)
{
    public long End => First + Count;
}

/// <summary>Some of the pages of a guest's memory: one bit for each.</summary>
public sealed class PageSet(long pages)
{
    /// <summary>The unit of all that is saved, whatever the pages of the host's processor are.</summary>
    public const int PageBytes = 4096;

    private const int WordBits = 64;
    private const ulong Present = 1UL << 63, Swapped = 1UL << 62, OfFile = 1UL << 61;

    private readonly ulong[] _words = new ulong[(pages + WordBits - 1) / WordBits];

    /// <summary>Of the memory.</summary>
    public long Pages => pages;

    /// <summary>In the set.</summary>
    public long Count => _words.Sum(word => (long)BitOperations.PopCount(word));

    /// <summary>
    /// Reads the kernel's page map of a mapping (Documentation/admin-guide/mm/pagemap.rst). Of anonymous memory these are
    /// the pages that were touched; of a file that is mapped privately those that are no longer the file's.
    /// </summary>
    /// <param name="hostPageBytes">What one entry stands for.</param>
    public static PageSet FromPageMap(ReadOnlySpan<ulong> entries, int hostPageBytes)
    {
        var each = hostPageBytes / PageBytes;
        var set = new PageSet((long)entries.Length * each);
        for (var i = 0; i < entries.Length; i++)
        {
            if ((entries[i] & (Present | Swapped)) != 0 && (entries[i] & OfFile) == 0)
                set.Add(new PageRun((long)i * each, each));
        }
        return set;
    }

    public void Add(PageRun run)
    {
        for (var page = run.First; page < run.End;)
        {
            var (word, bit) = ((int)(page / WordBits), (int)(page % WordBits));
            var count = (int)Math.Min(WordBits - bit, run.End - page);
            _words[word] |= (count == WordBits ? ulong.MaxValue : (1UL << count) - 1) << bit;
            page += count;
        }
    }

    public void Add(PageSet other)
    {
        for (var i = 0; i < _words.Length; i++)
            _words[i] |= other._words[i];
    }

    /// <summary>The pages of the set from <paramref name="first"/> to before <paramref name="end"/>, as long runs as can be.</summary>
    public IEnumerable<PageRun> Runs(long first, long end)
    {
        for (var page = Next(first, end, inSet: true); page < end;)
        {
            var after = Next(page, end, inSet: false);
            yield return new PageRun(page, after - page);
            page = Next(after, end, inSet: true);
        }
    }

    public IEnumerable<PageRun> Runs() => Runs(0, pages);

    private long Next(long from, long end, bool inSet)
    {
        for (var page = from; page < end;)
        {
            var word = _words[page / WordBits];
            var rest = (inSet ? word : ~word) >> (int)(page % WordBits);
            if (rest != 0)
                return Math.Min(end, page + BitOperations.TrailingZeroCount(rest));
            page = (page / WordBits + 1) * WordBits;
        }
        return end;
    }
}
