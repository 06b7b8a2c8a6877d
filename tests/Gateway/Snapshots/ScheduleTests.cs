using System.Net;
using System.Text;
using System.Text.Json;
using Hypeman.Tests.Gateway.Hosting;

namespace Hypeman.Tests.Gateway.Snapshots;

public sealed class ScheduleTests(ApiHost api) : ApiTests(api)
{
    [Fact]
    public async Task A_schedule_is_told_back_with_the_time_of_its_first_run()
    {
        var id = await CreateAsync();
        var body = """
            {"interval": "24h", "name_prefix": "nightly", "metadata": {"team": "x"}, "retention": {"max_count": 7, "max_age": "168h"}}
            """;

        var set = await SetAsync(id, body, HttpStatusCode.OK);
        var got = await GetAsync($"/instances/{id}/snapshot-schedule");

        Assert.Equal(set.GetRawText(), got.GetRawText());
        Assert.Equal((id, "24h0m0s", "nightly"), (
            got.GetProperty("instance_id").GetString(), got.GetProperty("interval").GetString(), got.GetProperty("name_prefix").GetString()));
        Assert.Equal("""{"team":"x"}""", got.GetProperty("metadata").GetRawText());
        Assert.Equal("""{"max_count":7,"max_age":"168h0m0s"}""", got.GetProperty("retention").GetRawText());
        Assert.Equal(
            TimeSpan.FromHours(24), got.GetProperty("next_run_at").GetDateTimeOffset() - got.GetProperty("created_at").GetDateTimeOffset());
        foreach (var nothing in (string[])["last_run_at", "last_snapshot_id", "last_error"])
            Assert.Equal(JsonValueKind.Null, got.GetProperty(nothing).ValueKind);
    }

    [Fact]
    public async Task Setting_it_again_changes_it_and_only_another_interval_begins_anew()
    {
        var id = await CreateAsync();
        var first = await SetAsync(id, """{"interval": "1h", "name_prefix": null, "retention": {"max_count": 1}}""", HttpStatusCode.OK);

        var same = await SetAsync(id, """{"interval": "60m", "retention": {"max_age": "5h"}}""", HttpStatusCode.OK);
        var other = await SetAsync(id, """{"interval": "2h", "retention": {"max_age": "5h"}}""", HttpStatusCode.OK);

        Assert.Equal(first.GetProperty("next_run_at").GetString(), same.GetProperty("next_run_at").GetString());
        Assert.Equal("""{"max_count":0,"max_age":"5h0m0s"}""", same.GetProperty("retention").GetRawText());
        Assert.NotEqual(first.GetProperty("next_run_at").GetString(), other.GetProperty("next_run_at").GetString());
        Assert.Equal(first.GetProperty("created_at").GetString(), other.GetProperty("created_at").GetString());
    }

    [Fact]
    public async Task One_that_was_deleted_and_one_that_never_was_are_not_found()
    {
        var id = await CreateAsync();
        AssertError(await GetAsync($"/instances/{id}/snapshot-schedule", HttpStatusCode.NotFound), "not_found", "snapshot schedule not found");
        await SetAsync(id, """{"interval": "1h", "retention": {"max_count": 1}}""", HttpStatusCode.OK);

        await DeleteAsync($"/instances/{id}/snapshot-schedule");

        AssertError(await GetAsync($"/instances/{id}/snapshot-schedule", HttpStatusCode.NotFound), "not_found", "snapshot schedule not found");
        await DeleteAsync($"/instances/{id}/snapshot-schedule", HttpStatusCode.NotFound);
        AssertError(
            await SetAsync("nobody", """{"interval": "1h", "retention": {"max_count": 1}}""", HttpStatusCode.NotFound), "not_found", "resource not found");
    }

    [Fact]
    public async Task It_is_found_by_the_id_of_an_instance_that_is_gone()
    {
        var id = await CreateAsync();
        await SetAsync(id, """{"interval": "1h", "retention": {"max_count": 1}}""", HttpStatusCode.OK);
        await DeleteAsync($"/instances/{id}");

        Assert.Equal(id, (await GetAsync($"/instances/{id}/snapshot-schedule")).GetProperty("instance_id").GetString());
        await DeleteAsync($"/instances/{id}/snapshot-schedule");
    }

    [Theory]
    [InlineData("{}", "Bad Request", "interval: is required")]
    [InlineData("""{"interval": "1h"}""", "Bad Request", "retention: is required")]
    [InlineData("""{"interval": "1h", "retention": {}}""", "invalid_request", "retention: must have a max_count")]
    [InlineData("""{"interval": "1h", "retention": {"max_count": 0}}""", "invalid_request", "retention: must have a max_count")]
    [InlineData("""{"interval": "59s", "retention": {"max_count": 1}}""", "invalid_request", "interval: must be at least 1m0s")]
    [InlineData("""{"interval": "daily", "retention": {"max_count": 1}}""", "invalid_request", "interval: ")]
    [InlineData("""{"interval": "1h", "retention": {"max_count": -1}}""", "Bad Request", "retention.max_count: must be at least 0")]
    [InlineData("""{"interval": "1h", "retention": {"max_age": "0s"}}""", "invalid_request", "retention.max_age: must be at least 1s")]
    [InlineData("""{"interval": "1h", "retention": {"max_count": 1}, "name_prefix": "a-"}""", "Bad Request", "name_prefix: must be 1 to 47")]
    [InlineData("""{"interval": "1h", "retention": {"max_count": 1}, "metadata": {"{": "a"}}""", "Bad Request", "metadata.{: ")]
    [InlineData("""{"interval": "1h", "retention": {"max_count": 1}, "colour": 1}""", "Bad Request", "colour: is not a known field")]
    public async Task Bad_schedules_are_refused_with_the_field(string body, string code, string message) =>
        AssertError(await SetAsync(await CreateAsync(), body, HttpStatusCode.BadRequest), code, message);

    private async Task<JsonElement> SetAsync(string id, string body, HttpStatusCode status)
    {
        using var response = await Api.Client.PutAsync(
            $"/instances/{id}/snapshot-schedule", new StringContent(body, Encoding.UTF8, "application/json"));
        return await ReadAsync(response, status);
    }
}
