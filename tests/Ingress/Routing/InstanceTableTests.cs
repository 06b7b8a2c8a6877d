using Hypeman.Contracts.Instances;
using Hypeman.Ingress.Routing;
using Hypeman.Tests.Ingress.Fakes;

namespace Hypeman.Tests.Ingress.Routing;

public class InstanceTableTests
{
    private readonly InstanceTable _instances = new();

    private static readonly InstanceInfo Web = Rows.Instance("id1", "web");

    [Fact]
    public void An_instance_is_found_by_id_and_by_name()
    {
        _instances.Set(Web);

        Assert.Equal("id1", _instances.Find("id1")?.Id);
        Assert.Equal("id1", _instances.Find("web")?.Id);
        Assert.Null(_instances.Find("id"));
    }

    [Fact]
    public void An_instance_is_found_by_the_beginning_of_its_id_when_that_is_long_enough_and_nobody_elses()
    {
        _instances.Set(Rows.Instance("abcdefghijk1", "one"));
        _instances.Set(Rows.Instance("abcdefghijk2", "two"));
        _instances.Set(Rows.Instance("abcdefzz", "three"));

        Assert.Equal("abcdefghijk1", _instances.Find("abcdefghijk1")?.Id);
        Assert.Null(_instances.Find("abcdefghijk"));
        Assert.Null(_instances.Find("abcdefz"));
        _instances.Remove("abcdefghijk2");
        Assert.Equal("abcdefghijk1", _instances.Find("abcdefgh")?.Id);
        _instances.Remove("abcdefghijk1");
        Assert.Null(_instances.Find("abcdefgh"));
    }

    [Fact]
    public void An_id_goes_before_the_same_word_as_a_name()
    {
        _instances.Set(Web);
        _instances.Set(Rows.Instance("id2", "id1"));

        Assert.Equal("id1", _instances.Find("id1")?.Id);
    }

    [Fact]
    public void A_name_that_was_given_again_leads_to_its_new_holder()
    {
        _instances.Set(Web);
        _instances.Set(Rows.Instance("id2", "web") with { CreatedAt = Rows.Start.AddDays(1) });
        _instances.Remove("id1");

        Assert.Equal("id2", _instances.Find("web")?.Id);
    }

    [Fact]
    public void An_instance_that_only_becomes_ready_goes_on()
    {
        _instances.Set(Web with { Phase = InstancePhase.Initializing });
        var first = _instances.Find("web")!;
        _instances.Set(Web);

        Assert.Equal(first.Incarnation, _instances.Find("web")!.Incarnation);
        Assert.False(first.Gone.IsCancellationRequested);
    }

    public static TheoryData<string> EndsOfALife => ["stopped", "restarted", "moved", "readdressed", "removed"];

    [Theory]
    [MemberData(nameof(EndsOfALife))]
    public void The_end_of_a_life_is_told_and_the_next_has_another_number(string end)
    {
        _instances.Set(Web);
        var first = _instances.Find("web")!;

        switch (end)
        {
            case "stopped": _instances.Set(Web with { Phase = InstancePhase.Stopped }); break;
            case "restarted": _instances.Set(Web with { StartedAt = Rows.Start.AddSeconds(1) }); break;
            case "moved": _instances.Set(Web with { Home = "node-b" }); break;
            case "readdressed": _instances.Set(Web with { Ip = "10.100.0.3" }); break;
            default: _instances.Remove("id1"); break;
        }
        _instances.Set(Web);

        Assert.True(first.Gone.IsCancellationRequested);
        Assert.NotEqual(first.Incarnation, _instances.Find("web")!.Incarnation);
    }

    [Theory]
    [InlineData(InstancePhase.Created, false)]
    [InlineData(InstancePhase.Initializing, true)]
    [InlineData(InstancePhase.Running, true)]
    [InlineData(InstancePhase.Paused, false)]
    [InlineData(InstancePhase.Shutdown, false)]
    [InlineData(InstancePhase.Stopped, false)]
    [InlineData(InstancePhase.Standby, false)]
    [InlineData(InstancePhase.Unknown, true)]
    public void Only_what_may_answer_is_asked(InstancePhase phase, bool mayAnswer)
    {
        _instances.Set(Web with { Phase = phase });
        Assert.Equal(mayAnswer, _instances.Find("web")!.MayAnswer);
    }

    [Fact]
    public void Without_an_address_nothing_answers()
    {
        _instances.Set(Web with { Ip = null });
        Assert.False(_instances.Find("web")!.MayAnswer);
    }
}
