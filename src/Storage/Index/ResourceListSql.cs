using System.Text;
using Dapper;
using Hypeman.Contracts.Index;

namespace Hypeman.Storage.Index;

/// <summary>One page of a list, newest first, after the row <c>(@createdAt, @id)</c>.</summary>
internal static class ResourceListSql
{
    // With an offset, if only of 0, PostgreSQL asks it of each row and does not make it a join, which would need a sort.
    private const string HasTag = "SELECT 1 FROM resource_tags t WHERE t.kind = r.kind AND t.id = r.id";

    public static (string Sql, DynamicParameters Parameters) Build(ResourceQuery query, int limit, string columns = ResourceRecord.Columns)
    {
        var parameters = new DynamicParameters(new { kind = ResourceRecord.Word(query.Kind), limit });
        (string Key, string Value)[] tags = [.. query.Tags.Select(t => (t.Key, t.Value))];

        // With tags, the first pair's entries lead, because they are sorted as the list is.
        var lead = tags.Length > 0 ? "lead" : "r";
        var sql = new StringBuilder($"SELECT {columns} FROM resources r");
        if (tags.Length > 0)
            sql.Append(" JOIN resource_tags lead ON r.kind = lead.kind AND r.id = lead.id");
        sql.Append($" WHERE {lead}.kind = @kind AND ({lead}.created_at, {lead}.id) < (@createdAt, @id)");
        for (var i = 0; i < tags.Length; i++)
        {
            sql.Append(i == 0
                ? " AND lead.tag_key = @key0 AND lead.tag_value = @value0"
                : $" AND EXISTS ({HasTag} AND t.tag_key = @key{i} AND t.tag_value = @value{i} LIMIT 1 OFFSET 0)");
            parameters.Add($"key{i}", tags[i].Key);
            parameters.Add($"value{i}", tags[i].Value);
        }
        Equal("state", query.State);
        Equal("home", query.Home);
        Equal("parent", query.Parent);
        sql.Append($" ORDER BY {lead}.created_at DESC, {lead}.id DESC LIMIT @limit");
        return (sql.ToString(), parameters);

        void Equal(string column, string? value)
        {
            if (value is null)
                return;
            sql.Append($" AND r.{column} = @{column}");
            parameters.Add(column, value);
        }
    }
}
