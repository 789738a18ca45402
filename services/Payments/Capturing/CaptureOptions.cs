using System.ComponentModel.DataAnnotations;

namespace ResilientShop.Payments.Capturing;

/// <summary>How what was only authorized is captured. Bound from configuration section <c>Capture</c>, validated at start.</summary>
internal sealed class CaptureOptions
{
    /// <summary>How often is looked for payments that another instance has left, or whose next try is due. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00")]
    public TimeSpan Look { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Captures at a time. Default 4: who was slow a moment ago is not to be overrun.</summary>
    [Range(1, 64)]
    public int Concurrency { get; set; } = 4;

    /// <summary>How long a payment is left to the instance that captures it; longer than a call to the provider can take. Default 15 s.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "00:10:00")]
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Wait after the first failure; it doubles with each. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00")]
    public TimeSpan FirstPause { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest wait between two tries. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "01:00:00")]
    public TimeSpan LongestPause { get; set; } = TimeSpan.FromSeconds(10);
}
