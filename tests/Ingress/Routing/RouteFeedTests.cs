using Hypeman.Contracts.Index;
using Hypeman.Tests.Ingress.Fakes;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Index;

namespace Hypeman.Tests.Ingress.Routing;

public class RouteFeedTests
{
    [Fact]
    public async Task Routes_that_were_there_before_the_start_are_served_from_the_first_request()
    {
        var index = new InMemoryResourceIndex();
        await index.PutAsync(Rows.Ingress("g", "web.example.com", "web"));
        await using var ingress = await IngressHarness.StartAsync(index: index);

        Assert.NotNull(ingress.Routes.Find("web.example.com", 80));
    }

    [Fact]
    public async Task Routes_appear_and_disappear_with_their_ingress()
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);
        Assert.Equal("hello", await (await ingress.GetAsync("web.example.com")).Content.ReadAsStringAsync());

        await ingress.Index.DeleteAsync(ResourceKind.Ingress, "web-ingress");
        await Until.True(
            async () => (int)(await ingress.GetAsync("web.example.com")).StatusCode == 404,
            IngressHarness.Patience, "the route is gone");
    }

    [Fact]
    public async Task What_changed_while_the_index_was_away_is_made_up_for()
    {
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.Index.PutAsync(Rows.Ingress("a", "a.example.com", "web"));
        await ingress.PutAsync(Rows.Instance("id1", "web"));
        await Until.True(() => ingress.Routes.Find("a.example.com", 80) is not null, IngressHarness.Patience, "a is there");

        ingress.Index.BreakWatches();
        await ingress.Index.DeleteAsync(ResourceKind.Ingress, "a");
        await ingress.Index.DeleteAsync(ResourceKind.Instance, "id1");
        await ingress.Index.PutAsync(Rows.Ingress("b", "b.example.com", "web"));

        await Until.True(
            () => ingress.Routes.Find("b.example.com", 80) is not null
                && ingress.Routes.Find("a.example.com", 80) is null && ingress.Instances.Find("web") is null,
            IngressHarness.Patience, "the tables agree with the index again");
    }

    [Fact]
    public async Task One_unreadable_row_takes_no_other_route_with_it()
    {
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.Index.InsertAsync(
            new ResourceRow
            {
                Kind = ResourceKind.Ingress,
                Id = "bad",
                Name = "bad",
                State = "",
                Summary = "{",
                Version = 1,
                CreatedAt = Rows.Start,
            },
            []);
        await ingress.Index.PutAsync(Rows.Ingress("good", "good.example.com", "web"));

        await Until.True(() => ingress.Routes.Find("good.example.com", 80) is not null, IngressHarness.Patience, "the good one is there");
    }
}
