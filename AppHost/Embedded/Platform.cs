// Signals, users and parent-death notices are POSIX. On Windows the Aspire orchestrator is the one to use.
[assembly: System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
