using System.Data.Common;
using System.Runtime.CompilerServices;
using System.Text;
using Dapper;
using Hypeman.Contracts.Index;
using Hypeman.Storage.Databases;

namespace Hypeman.Storage.Index;

/// <summary>Look-ups and lists. Every one is a walk of an index, whatever the table has grown to.</summary>
internal sealed class ResourceReader(Database database)
{
    /// <summary>Lists are read in pages of so many rows, so that a slow reader holds no connection.</summary>
    public const int PageSize = 500;

    /// <summary>The ways in which a resource is found; each answers with two rows at most.</summary>
    public const string ById = $"{From} WHERE r.kind = @kind AND r.id = @text";
    public const string ByName = $"{From} WHERE r.kind = @kind AND r.name = @text LIMIT 2";

    /// <summary>Ids with a prefix are a range in byte order, which ends before the prefix followed by the last character.</summary>
    public const string ByPrefix = $"{From} WHERE r.kind = @kind AND r.id >= @text AND r.id < @end LIMIT 2";

    private const string Glance = "r.id, r.state, r.version, r.created_at AS CreatedAt";
    private const string From = $"SELECT {ResourceRecord.Columns} FROM resources r";
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    public async Task<ResourceRow?> GetAsync(ResourceKind kind, string id, CancellationToken cancellationToken)
    {
        if (!IsStorable(id))
            return null;
        IReadOnlyList<ResourceRecord> found = await QueryAsync(
            ById, new { kind = ResourceRecord.Word(kind), text = id }, cancellationToken);
        return found.Count == 0 ? null : found[0].ToRow();
    }

    public async Task<IReadOnlyList<ResourceRow>> FindAsync(
        ResourceKind kind, string idOrName, bool allowPrefix, CancellationToken cancellationToken)
    {
        if (idOrName.Length == 0 || !IsStorable(idOrName))
            return [];
        var key = new { kind = ResourceRecord.Word(kind), text = idOrName, end = idOrName + "\U0010FFFF" };
        string[] ways = [ById, ByName, ByPrefix];
        foreach (var way in allowPrefix ? ways : ways[..2])
        {
            IReadOnlyList<ResourceRecord> found = await QueryAsync(way, key, cancellationToken);
            if (found.Count > 0)
                return [.. found.Select(r => r.ToRow())];
        }
        return [];
    }

    public IAsyncEnumerable<ResourceRow> ListAsync(ResourceQuery query, CancellationToken cancellationToken) =>
        ReadAsync(query, ResourceRecord.Columns, cancellationToken).Select(record => record.ToRow());

    public IAsyncEnumerable<ResourceGlance> GlanceAsync(ResourceQuery query, CancellationToken cancellationToken) =>
        ReadAsync(query, Glance, cancellationToken).Select(record => new ResourceGlance(record.Id, record.State, record.Version));

    private async IAsyncEnumerable<ResourceRecord> ReadAsync(
        ResourceQuery query, string columns, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!AllStorable(query))
            yield break;
        (var sql, DynamicParameters parameters) = ResourceListSql.Build(query, PageSize, columns);
        (var createdAt, var id) = (long.MaxValue, "");
        IReadOnlyList<ResourceRecord> page;
        do
        {
            parameters.Add("createdAt", createdAt);
            parameters.Add("id", id);
            page = await QueryAsync(sql, parameters, cancellationToken);
            foreach (ResourceRecord record in page)
            {
                yield return record;
                (createdAt, id) = (record.CreatedAt, record.Id);
            }
        }
        while (page.Count == PageSize);
    }

    private async Task<IReadOnlyList<ResourceRecord>> QueryAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.Reads.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<ResourceRecord>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))];
    }

    private static bool AllStorable(ResourceQuery query) =>
        query.Tags.SelectMany(t => new[] { t.Key, t.Value })
            .Concat(new[] { query.State, query.Home, query.Parent }.OfType<string>())
            .All(IsStorable);

    /// <summary>PostgreSQL takes neither NUL nor half a surrogate pair; no row can have them, so none is found.</summary>
    private static bool IsStorable(string text)
    {
        try
        {
            return StrictUtf8.GetByteCount(text) >= 0 && !text.Contains('\0');
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }
}
