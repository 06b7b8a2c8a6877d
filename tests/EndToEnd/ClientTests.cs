namespace Hypeman.Tests.EndToEnd;

/// <summary>The official TypeScript client drives real VMs; each scenario is a file under client/.</summary>
[Trait("Category", "Vm")]
public class ClientTests(FleetFixture fixture) : IClassFixture<FleetFixture>
{
    [Fact]
    public Task An_instance_is_created_listed_awaited_stopped_started_and_deleted() => RunAsync("lifecycle.mjs");

    [Fact]
    public Task An_instance_sleeps_and_goes_on() => RunAsync("standby.mjs");

    [Fact]
    public Task Instances_are_copied_and_go_back_to_snapshots() => RunAsync("snapshots.mjs");

    [Fact]
    public Task Memories_are_compressed_and_go_on() => RunAsync("compression.mjs");

    [Fact]
    public Task Instances_are_watched_over_restarted_saved_and_ended_by_what_they_were_told() => RunAsync("policies.mjs");

    [Fact]
    public Task Files_and_trees_are_copied_both_ways_byte_for_byte() => RunAsync("files.mjs");

    [Fact]
    public Task Logs_are_tailed_and_followed() => RunAsync("logs.mjs");

    [Fact]
    public Task A_program_that_ends_stops_its_instance_and_leaves_its_exit_code() => RunAsync("exits.mjs");

    [Fact]
    public Task An_image_is_pushed_by_the_client_and_runs() => RunAsync("push.mjs", ("E2E_LAYOUT", TestImage.Busybox.LayoutDir));

    [Fact]
    public Task Bad_input_is_refused_with_the_contracts_codes() => RunAsync("errors.mjs");

    [Fact]
    public Task A_hostname_leads_to_a_port_of_an_instance() => RunAsync("ingress.mjs");

    private Task RunAsync(string scenario, params (string, string)[] environment) =>
        fixture.Fleet.ClientAsync(scenario, [("E2E_IMAGE", TestImage.Busybox.Name), .. environment]);
}
