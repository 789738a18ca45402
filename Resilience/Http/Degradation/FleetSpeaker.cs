using System.Threading.Channels;

namespace ResilientShop.Resilience.Http;

/// <summary>Hands the last change on to who tells the fleet; what it replaces need not be told any more.</summary>
internal sealed class FleetSpeaker : IDegradationListener
{
    private readonly Channel<DegradationChange> _changes = Channel.CreateBounded<DegradationChange>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public ChannelReader<DegradationChange> Changes => _changes.Reader;

    public void OnChange(DegradationChange change)
    {
        if (change.From.State != change.To.State)
        {
            _changes.Writer.TryWrite(change);
        }
    }
}
