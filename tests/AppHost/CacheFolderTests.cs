namespace AppHost.Tests;

public sealed class CacheFolderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("cache-test-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task What_was_downloaded_once_is_not_downloaded_again()
    {
        var downloads = 0;
        for (var run = 0; run < 2; run++)
        {
            var folder = await Cache().GetOrAddAsync("server", _root, staging =>
            {
                downloads++;
                return File.WriteAllTextAsync(Path.Combine(staging, "program"), "");
            });
            File.Exists(Path.Combine(folder, "program")).ShouldBeTrue();
        }

        downloads.ShouldBe(1);
    }

    [Fact]
    public async Task A_download_that_fails_leaves_nothing_behind()
    {
        await Should.ThrowAsync<ResourceMissingException>(() => Cache().GetOrAddAsync("server", _root, async staging =>
        {
            await File.WriteAllTextAsync(Path.Combine(staging, "half"), "");
            throw new ResourceMissingException("the line broke");
        }));

        Directory.EnumerateFileSystemEntries(Path.Combine(_root, "cache")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_that_download_at_once_both_get_a_whole_folder()
    {
        var together = new TaskCompletionSource();
        var arrived = 0;
        async Task Download(string staging)
        {
            await File.WriteAllTextAsync(Path.Combine(staging, "program"), "");
            if (Interlocked.Increment(ref arrived) == 2)
            {
                together.SetResult();
            }

            await together.Task;
        }

        var folders = await Task.WhenAll(Cache().GetOrAddAsync("server", _root, Download), Cache().GetOrAddAsync("server", _root, Download));

        folders.ShouldAllBe(folder => File.Exists(Path.Combine(folder, "program")));
        Directory.EnumerateDirectories(Path.Combine(_root, "cache")).Count().ShouldBe(1);
    }

    [Fact]
    public async Task A_cache_that_cannot_be_written_is_replaced_for_this_run()
    {
        // A file where the folder should be: nobody can write there, not even root.
        await File.WriteAllTextAsync(Path.Combine(_root, "cache"), "", TestContext.Current.CancellationToken);

        var folder = await Cache().GetOrAddAsync("server", Path.Combine(_root, "run"), staging => File.WriteAllTextAsync(Path.Combine(staging, "program"), ""));

        folder.ShouldStartWith(Path.Combine(_root, "run"));
    }

    private CacheFolder Cache() => new(Path.Combine(_root, "cache"), _ => { });
}
