using AppHost.Embedded.Dashboard.Protocol;
using AppHost.Embedded.Model;
using AppHost.Embedded.Runtime;
using AppHost.Resources;
using Google.Protobuf.WellKnownTypes;
using Enum = System.Enum;

namespace AppHost.Embedded.Dashboard;

/// <summary>Puts an instance into the dashboard's words.</summary>
internal static class ResourceMessages
{
    public static Protocol.Resource Of(ResourceInstance instance, EmbeddedHost host)
    {
        var snapshot = instance.Snapshot;
        var message = new Protocol.Resource
        {
            Name = instance.Name,
            Uid = instance.Name,
            DisplayName = instance.Resource.Name,
            ResourceType = instance.Resource.ResourceType,
            State = snapshot.State.ToString(),
            StartedAt = Time(snapshot.StartedAt),
            StoppedAt = Time(snapshot.StoppedAt),
            CreatedAt = Time(instance.CreatedAt),
            IsHidden = instance.Resource is DashboardResource,
        };
        if (snapshot.State is ResourceState.Unavailable)
        {
            message.StateStyle = "warning";
        }

        message.Environment.AddRange(Environment(snapshot));
        message.Urls.AddRange(Urls(instance, host));
        message.Properties.AddRange(Properties(instance));
        message.Commands.AddRange(Commands(instance));
        message.Relationships.AddRange(Relationships(instance.Resource, host));
        if (snapshot.State is ResourceState.Running)
        {
            message.HealthReports.Add(Health(instance));
        }

        return message;
    }

    private static Timestamp? Time(DateTimeOffset? time) => time is { } value ? Timestamp.FromDateTimeOffset(value) : null;

    private static IEnumerable<EnvironmentVariable> Environment(ResourceSnapshot snapshot) =>
        (snapshot.Spec?.Environment ?? new Dictionary<string, string?>())
            .Where(variable => variable.Value is not null)
            .Select(variable => new EnvironmentVariable { Name = variable.Key, Value = variable.Value, IsFromSpec = true });

    private static IEnumerable<Url> Urls(ResourceInstance instance, EmbeddedHost host) =>
        ResourceUrls.Of(instance, host.Ports).Select(url => new Url
        {
            EndpointName = url.Endpoint,
            FullUrl = url.Address,
            IsInternal = url.Endpoint is not "http",
            IsInactive = instance.Snapshot.State is not ResourceState.Running,
            DisplayProperties = new UrlDisplayProperties(),
        });

    private static IEnumerable<ResourceProperty> Properties(ResourceInstance instance)
    {
        var snapshot = instance.Snapshot;
        if (instance.Resource is ProjectResource project)
        {
            yield return Property("project.path", Value.ForString(project.Metadata.ProjectPath));
        }
        else
        {
            yield return Property("resource.source", Value.ForString(instance.Workload.Source));
        }

        if (snapshot.Spec is { } spec)
        {
            yield return Property("executable.path", Value.ForString(spec.FileName));
            yield return Property("executable.workDir", Value.ForString(spec.WorkingDirectory ?? AppContext.BaseDirectory));
            yield return Property("executable.args", Value.ForList([.. spec.Arguments.Select(Value.ForString)]));
        }

        if (snapshot.ProcessId is { } processId)
        {
            yield return Property("executable.pid", Value.ForNumber(processId));
        }

        if (snapshot.ExitCode is { } exitCode)
        {
            yield return Property("resource.exitCode", Value.ForNumber(exitCode));
        }

        if (snapshot.Restarts > 0)
        {
            yield return Highlighted("embedded.restarts", "Restarts", Value.ForNumber(snapshot.Restarts));
        }

        if (snapshot.Reason is { } reason)
        {
            yield return Highlighted("embedded.reason", "Reason", Value.ForString(reason));
        }

        if (instance.Resource is IResourceWithConnectionString { ConnectionString: { } connectionString })
        {
            // The dashboard finds out by host and port whom a span called. Only the server may claim them, not each of its databases.
            var name = instance.Resource.Parent is null ? "resource.connectionString" : "embedded.connectionString";
            yield return new ResourceProperty { Name = name, DisplayName = "Connection string", Value = Value.ForString(connectionString), IsSensitive = true, IsHighlighted = true };
        }

        if (instance.Resource.Parent is { } parent)
        {
            yield return Property("resource.parentName", Value.ForString(parent.Name));
        }
    }

    private static ResourceProperty Property(string name, Value value) => new() { Name = name, Value = value };

    private static ResourceProperty Highlighted(string name, string displayName, Value value) =>
        new() { Name = name, DisplayName = displayName, Value = value, IsHighlighted = true };

    private static IEnumerable<ResourceCommand> Commands(ResourceInstance instance)
    {
        // The broker forgets its address with its messages; restarting it would cut off every service that knows the old one.
        if (instance.Resource is PostgresDatabaseResource or ConnectionStringResource or KafkaServerResource)
        {
            return [];
        }

        var runs = instance.Snapshot.State is ResourceState.Running or ResourceState.Starting;
        return
        [
            Command(InstanceCommand.Start, "Start", "Starts the resource.", "Play", highlighted: true, shown: !runs),
            Command(InstanceCommand.Stop, "Stop", "Stops the resource and leaves it stopped.", "Stop", highlighted: true, shown: runs),
            Command(InstanceCommand.Restart, "Restart", "Stops the resource and starts it again.", "ArrowCounterclockwise", highlighted: false, shown: runs),
            Command(InstanceCommand.Kill, "Kill", "Ends the process at once (SIGKILL), as a crash would. It is started again.", "Flash", highlighted: false, shown: runs && instance.Snapshot.ProcessId is not null),
        ];
    }

    private static ResourceCommand Command(InstanceCommand command, string title, string description, string icon, bool highlighted, bool shown) => new()
    {
        Name = Enum.GetName(command)!.ToLowerInvariant(),
        DisplayName = title,
        DisplayDescription = description,
        IconName = icon,
        IconVariant = highlighted ? IconVariant.Filled : IconVariant.Regular,
        IsHighlighted = highlighted,
        State = shown ? ResourceCommandState.Enabled : ResourceCommandState.Hidden,
    };

    private static HealthReport Health(ResourceInstance instance)
    {
        var snapshot = instance.Snapshot;
        var report = new HealthReport { Key = $"{instance.Resource.Name}_check", LastRunAt = Time(snapshot.CheckedAt), Description = snapshot.HealthProblem ?? "", Exception = "" };
        if (snapshot.HealthProblem is { } problem)
        {
            report.Status = problem.Length == 0 ? HealthStatus.Healthy : HealthStatus.Unhealthy;
        }

        return report;
    }

    private static IEnumerable<ResourceRelationship> Relationships(Model.Resource resource, EmbeddedHost host) =>
        [
            .. host.Instances.Where(other => resource.References.Contains(other.Resource)).Select(other => new ResourceRelationship { ResourceName = other.Resource.Name, Type = "Reference" }),
            .. host.Instances.Where(other => resource.WaitsFor.Contains(other.Resource)).Select(other => new ResourceRelationship { ResourceName = other.Resource.Name, Type = "WaitFor" }),
            .. resource.Parent is { } parent ? new[] { new ResourceRelationship { ResourceName = parent.Name, Type = "Parent" } } : [],
        ];
}
