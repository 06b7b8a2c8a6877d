using Hypeman.Contracts.Instances.Policies;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Instances.Policies;

/// <summary>The object <c>health_check</c>.</summary>
internal static class HealthCheckFields
{
    private const string Code = "invalid_health_check";
    private const int HighestPort = 65535, LongestPath = 2048;

    private static readonly TimeSpan LeastInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeastTimeout = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MostTimeout = TimeSpan.FromMinutes(1);

    private static readonly Dictionary<string, HealthCheckKind> Kinds = new()
    {
        ["none"] = HealthCheckKind.None,
        ["http"] = HealthCheckKind.Http,
        ["tcp"] = HealthCheckKind.Tcp,
        ["exec"] = HealthCheckKind.Exec,
    };

    private static readonly Dictionary<string, bool> Schemes = new() { ["http"] = false, ["https"] = true };

    /// <summary>Null when it is left out.</summary>
    public static HealthCheck? Read(FieldReader fields)
    {
        if (fields.Object("health_check") is not { } check)
            return null;
        var standard = new HealthCheck { Kind = check.Word("type", Kinds) ?? HealthCheckKind.None };
        var read = standard with
        {
            Interval = DurationField.Read(check, "interval", Code, LeastInterval) ?? standard.Interval,
            Timeout = DurationField.Read(check, "timeout", Code, LeastTimeout) ?? standard.Timeout,
            StartPeriod = DurationField.Read(check, "start_period", Code, TimeSpan.Zero) ?? standard.StartPeriod,
            FailureThreshold = check.Int("failure_threshold", min: 1) ?? standard.FailureThreshold,
            SuccessThreshold = check.Int("success_threshold", min: 1) ?? standard.SuccessThreshold,
            Http = Http(check.Object("http")),
            Tcp = check.Object("tcp") is { } tcp ? new TcpProbe(Port(tcp)) : null,
            Exec = Exec(check.Object("exec")),
        };
        Check(check, read);
        return read;
    }

    private static HttpProbe? Http(FieldReader? http)
    {
        if (http is null)
            return null;
        var standard = new HttpProbe { Port = Port(http) };
        var path = http.String("path") ?? standard.Path;
        if (!path.StartsWith('/') || path.Length > LongestPath || path.Any(char.IsControl))
            http.Problems.Add(Code, http.PathOf("path"), $"must begin with / and be at most {LongestPath} characters, none of them a control character");
        return standard with
        {
            Path = path,
            IsSecure = http.Word("scheme", Schemes) ?? standard.IsSecure,
            ExpectedStatus = http.Int("expected_status", 100, 599) ?? standard.ExpectedStatus,
        };
    }

    private static ExecProbe? Exec(FieldReader? exec)
    {
        if (exec is null)
            return null;
        var command = CreateInstanceRequest.Arguments(exec, "command");
        if (command is null)
            exec.Problems.AddSchema(exec.PathOf("command"), "must have at least one word");
        return new ExecProbe { Command = command ?? [], WorkingDirectory = exec.String("working_dir") };
    }

    private static int Port(FieldReader fields) => fields.RequiredInt("port", 1, HighestPort) ?? 1;

    private static void Check(FieldReader check, HealthCheck read)
    {
        Demand("http", HealthCheckKind.Http, read.Http is not null);
        Demand("tcp", HealthCheckKind.Tcp, read.Tcp is not null);
        Demand("exec", HealthCheckKind.Exec, read.Exec is not null);
        if (read.Timeout > MostTimeout)
            check.Problems.Add(Code, check.PathOf("timeout"), "must be at most 1m0s");

        void Demand(string name, HealthCheckKind kind, bool isThere)
        {
            if (read.Kind == kind && !isThere)
                check.Problems.Add(Code, check.PathOf(name), $"is required with type {name}");
            else if (read.Kind != kind && isThere)
                check.Problems.Add(Code, check.PathOf(name), $"must be left out unless type is {name}");
        }
    }
}
