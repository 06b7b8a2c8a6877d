using Hypeman.Storage;
using Hypeman.Storage.Databases;

namespace Hypeman.Tests.Storage;

public sealed class StorageOptionsTests
{
    [Theory]
    [InlineData("postgres://ann:p%40ss@db.example:6543/fleet", "db.example", 6543, "fleet", "ann", "p@ss")]
    [InlineData("postgresql://ann@db/fleet", "db", 5432, "fleet", "ann", null)]
    [InlineData("Host=/run/postgresql;Database=fleet;Username=ann", "/run/postgresql", 5432, "fleet", "ann", null)]
    public void A_connection_is_read_as_people_write_it(
        string text, string host, int port, string database, string user, string? password)
    {
        var read = PostgresConnection.TryParse(text, out var reason);

        Assert.Null(reason);
        Assert.Equal((host, port, database, user, password), (read!.Host, read.Port, read.Database, read.Username, read.Password));
    }

    [Theory]
    [InlineData("postgres://db/fleet?sslmode=verify-full")]
    [InlineData("postgres://db/fleet?sslmode=require&Search%20Path=hypeman")]
    public void Settings_after_the_question_mark_are_taken(string text) =>
        Assert.NotNull(PostgresConnection.TryParse(text, out _));

    [Theory]
    [InlineData("mysql://db/fleet")]
    [InlineData("postgres://")]
    [InlineData("nonsense")]
    [InlineData("Host=db;Colour=blue")]
    [InlineData("Database=fleet")]
    [InlineData("postgres://db/fleet?colour=blue")]
    public void A_connection_that_cannot_be_read_is_an_error_of_the_options(string text) =>
        Assert.StartsWith(
            "the database connection string is not valid",
            Assert.Single(new StorageOptions { ConnectionString = text }.Validate()),
            StringComparison.Ordinal);

    [Fact]
    public void All_errors_are_told_at_once() =>
        Assert.Equal(3, new StorageOptions
        {
            ConnectionString = "nonsense",
            PollInterval = TimeSpan.Zero,
            TombstoneRetention = TimeSpan.Zero,
        }.Validate().Count());
}
