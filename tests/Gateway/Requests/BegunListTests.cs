using Hypeman.Gateway.Requests;

namespace Hypeman.Tests.Gateway.Requests;

public sealed class BegunListTests
{
    private int _read;
    private bool _isOver;

    [Fact]
    public async Task A_list_is_read_as_it_is_written()
    {
        var list = await ItemsAsync(3).BegunAsync(CancellationToken.None);
        Assert.Equal(1, _read);

        var seen = 0;
        await foreach (var item in list)
        {
            Assert.Equal(++seen, item);
            Assert.Equal(seen, _read);
        }

        Assert.Equal(3, seen);
        Assert.True(_isOver);
    }

    [Fact]
    public async Task An_empty_list_is_one()
    {
        var list = await ItemsAsync(0).BegunAsync(CancellationToken.None);

        Assert.Empty(await list.ToListAsync());
    }

    [Fact]
    public async Task What_goes_wrong_at_its_beginning_is_thrown_before_anything_is_written()
    {
        await Assert.ThrowsAsync<IOException>(() => ItemsAsync(3, failAt: 1).BegunAsync(CancellationToken.None));
        Assert.True(_isOver);
    }

    [Fact]
    public async Task Who_reads_no_further_ends_the_reading()
    {
        var list = await ItemsAsync(3).BegunAsync(CancellationToken.None);

        await foreach (var _ in list)
            break;

        Assert.True(_isOver);
        Assert.Equal(1, _read);
    }

    private async IAsyncEnumerable<int> ItemsAsync(int count, int failAt = int.MaxValue)
    {
        try
        {
            while (_read < count)
            {
                await Task.Yield();
                if (++_read == failAt)
                    throw new IOException();
                yield return _read;
            }
        }
        finally
        {
            _isOver = true;
        }
    }
}
