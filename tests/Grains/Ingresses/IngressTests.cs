using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Ingresses;
using Hypeman.Tests.Grains.Clusters;

namespace Hypeman.Tests.Grains.Ingresses;

public sealed class IngressTests(FleetFixture fixture) : IClassFixture<FleetFixture>
{
    private TestFleet Fleet => fixture.Fleet;

    [Fact]
    public async Task An_ingress_keeps_the_canonical_name_of_its_target()
    {
        var instance = await (await Fleet.CreateAsync(Some.Spec("shop"))).GetAsync();
        var ingress = Fleet.Grains.Ingress("in-1");

        var made = await ingress.CreateAsync(Spec("one", "shop.example.com", instance.Id[..10]));

        Assert.Equal("shop", made.Rules[0].TargetInstance);
        Assert.Equivalent(made, await ingress.GetAsync());
        Assert.NotNull(await Fleet.Index.GetAsync(ResourceKind.Ingress, "in-1"));
    }

    [Fact]
    public async Task Names_and_hosts_are_held_by_one_ingress_until_it_is_deleted()
    {
        await Fleet.CreateAsync(Some.Spec("held"));
        await Fleet.Grains.Ingress("in-2").CreateAsync(Spec("two", "two.example.com", "held"));

        Assert.Equal("already_exists", await RefusalAsync("in-3", Spec("two", "three.example.com", "held")));
        Assert.Equal("hostname_in_use", await RefusalAsync("in-3", Spec("three", "TWO.example.com", "held")));
        await Fleet.Grains.Ingress("in-2").DeleteAsync();
        await Fleet.Grains.Ingress("in-3").CreateAsync(Spec("two", "two.example.com", "held"));
    }

    [Fact]
    public async Task Two_patterns_that_fit_the_same_hostnames_are_one_too_many_and_need_no_instance()
    {
        await Fleet.Grains.Ingress("in-5").CreateAsync(Spec("five", "{instance}.five.example.com", "{instance}"));

        var refused = await Assert.ThrowsAsync<HypemanException>(
            () => Fleet.Grains.Ingress("in-6").CreateAsync(Spec("six", "{name}.five.example.com", "{name}")));

        Assert.Equal(("hostname_in_use", "{name}.five.example.com:80 is used by another ingress"), (refused.Code, refused.Message));
    }

    [Fact]
    public async Task A_target_must_exist()
    {
        Assert.Equal("instance_not_found", await RefusalAsync("in-4", Spec("four", "four.example.com", "nobody")));
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        var get = await Assert.ThrowsAsync<HypemanException>(() => Fleet.Grains.Ingress("nothing").GetAsync());
        var delete = await Assert.ThrowsAsync<HypemanException>(() => Fleet.Grains.Ingress("nothing").DeleteAsync());

        Assert.Equal(("not_found", "not_found"), (get.Code, delete.Code));
    }

    private async Task<string> RefusalAsync(string id, IngressSpec spec) =>
        (await Assert.ThrowsAsync<HypemanException>(() => Fleet.Grains.Ingress(id).CreateAsync(spec))).Code;

    private static IngressSpec Spec(string name, string host, string target) => new()
    {
        Name = name,
        Rules = [new IngressRule { Hostname = host, TargetInstance = target, TargetPort = 8080 }],
    };
}
