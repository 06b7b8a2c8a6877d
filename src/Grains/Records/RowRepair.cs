using Hypeman.Contracts.Index;

namespace Hypeman.Grains.Records;

internal static class RowRepair
{
    /// <summary>Has the index hold this row, or a newer one of the same resource, which alone may have its name.</summary>
    public static async Task RepairAsync(this IResourceIndex index, ResourceRow row)
    {
        var present = await index.GetAsync(row.Kind, row.Id);
        if (present is null)
            await index.InsertAsync(row, [row.Name]);
        else if (present.Version < row.Version)
            await index.UpdateAsync(row);
    }
}
