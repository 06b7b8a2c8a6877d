using Hypeman.Contracts.Instances.Policies;
using Hypeman.Gateway.Requests;
using Hypeman.Gateway.Values;

namespace Hypeman.Gateway.Instances.Policies;

/// <summary>The fields <c>ttl</c> and <c>expires_at</c>, of which one may be given.</summary>
internal static class LifetimeFields
{
    /// <summary>Null when neither is given. A ttl of zero says that the instance does not end by itself.</summary>
    public static InstanceLifetime? Read(FieldReader fields)
    {
        var (ttl, expiresAt) = (fields.String("ttl"), fields.String("expires_at"));
        if (ttl is not null && expiresAt is not null)
            fields.Problems.Add("invalid_request", "ttl", "must be left out when expires_at is given, for both say when the instance ends");
        else if (ttl is not null)
            return new InstanceLifetime { Ttl = Duration(fields, ttl) is var lifetime && lifetime > TimeSpan.Zero ? lifetime : null };
        else if (expiresAt is not null)
            return new InstanceLifetime { ExpiresAt = Moment(fields, expiresAt) };
        return null;
    }

    private static TimeSpan Duration(FieldReader fields, string text)
    {
        if (!GoDuration.TryParse(text, out var duration, out var problem))
            fields.Problems.Add("invalid_ttl", fields.PathOf("ttl"), problem);
        else if (duration < TimeSpan.Zero)
            fields.Problems.Add("invalid_ttl", fields.PathOf("ttl"), $"must not be negative, but is \"{text}\"; \"0s\" means that it never ends by itself");
        return duration;
    }

    private static DateTimeOffset Moment(FieldReader fields, string text)
    {
        if (!RfcTime.TryParse(text, out var moment, out var problem))
            fields.Problems.Add("invalid_expires_at", fields.PathOf("expires_at"), problem);
        return moment;
    }
}
