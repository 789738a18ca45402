using System.Text;
using Microsoft.Extensions.Time.Testing;
using Tests.Policies;

namespace Resilience.Tests.Policies.Edits;

public sealed class PolicyEditorTests : IAsyncDisposable
{
    private const string Inventory = "dependencies/inventory";

    private readonly MemoryPolicyStore _store = new(new FakeTimeProvider());

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task A_valid_change_is_written_over_the_state_that_was_checked()
    {
        _store.Put(Inventory, "total_ms: 11000\n");

        var edit = await new PolicyEditor(_store).ApplyAsync(Change((Inventory, "total_ms: 9000\n"), ("services/orders", "defaults: { total_ms: 8000 }\n")), Token);

        (edit.IsWritten, edit.IsRefused, edit.After.Revision).ShouldBe((true, false, 2));
        edit.Change.From.ShouldBe(1);
        edit.After.Digest.ShouldBe(_store.Now.Digest);
        _store.TextOf(Inventory).ShouldBe("total_ms: 9000\n");
        (await _store.HistoryAsync(1, Token))[0].ShouldSatisfyAllConditions(entry => entry.Who.ShouldBe("ada"), entry => entry.Why.ShouldBe("a test"));
    }

    [Fact]
    public async Task An_invalid_document_is_refused_with_all_its_errors_also_those_that_were_there()
    {
        _store.Put("defaults", "l1: { max_attempts: 0 }\n");

        var edit = await new PolicyEditor(_store) { LocationOf = scope => $"{scope}.new" }.ApplyAsync(Change((Inventory, "\ntotal_ms: soon\n")), Token);

        (edit.IsRefused, edit.IsWritten).ShouldBe((true, false));
        edit.Errors.Select(error => $"{error.Source}:{error.Line}").Distinct().ShouldBe(["memory:defaults:1", $"{Inventory}.new:2"], ignoreOrder: true);
        _store.Changes.ShouldBe(0);
    }

    [Fact]
    public async Task A_check_writes_nothing()
    {
        var edit = await new PolicyEditor(_store).CheckAsync(Change((Inventory, "total_ms: 9000\n")), Token);

        (edit.IsRefused, edit.IsWritten, edit.ChangesNothing, edit.After.Revision).ShouldBe((false, false, false, 0));
        _store.Changes.ShouldBe(0);
    }

    [Fact]
    public async Task What_is_like_this_already_is_left_out()
    {
        _store.Put(Inventory, "total_ms: 9000\n");

        var nothing = await new PolicyEditor(_store).ApplyAsync(Change((Inventory, "total_ms: 9000\n")), Token);
        var one = await new PolicyEditor(_store).ApplyAsync(Change((Inventory, "total_ms: 9000\n"), ("defaults", "total_ms: 12000\n")), Token);

        (nothing.ChangesNothing, nothing.IsWritten).ShouldBe((true, false));
        one.Change.Scopes.Keys.ShouldBe(["defaults"]);
    }

    [Fact]
    public async Task Deleting_what_is_not_there_is_refused()
    {
        var edit = await new PolicyEditor(_store).ApplyAsync(Change(("dependencies/inventry", null)), Token);

        edit.Errors.ShouldHaveSingleItem().ToString().ShouldBe("dependencies/inventry is not there; it must be there to be deleted.");
    }

    [Fact]
    public async Task A_scope_of_a_wrong_name_can_be_deleted()
    {
        _store.Put("inventory", "total_ms: 1\n");

        (await new PolicyEditor(_store).ApplyAsync(Change(("defaults", "total_ms: 11000\n")), Token)).IsRefused.ShouldBeTrue();
        (await new PolicyEditor(_store).ApplyAsync(Change(("inventory", null)), Token)).IsWritten.ShouldBeTrue();
    }

    [Fact]
    public async Task What_others_write_meanwhile_is_kept_and_checked_with_it()
    {
        Meanwhile(() => _store.Put("services/orders", "defaults: { total_ms: 8000 }\n"));

        var edit = await new PolicyEditor(_store).ApplyAsync(Change((Inventory, "total_ms: 9000\n")), Token);

        (edit.IsWritten, edit.After.Revision).ShouldBe((true, 2));
        edit.After.Sources.Select(source => source.Scope).ShouldBe([Inventory, "services/orders"]);
    }

    [Fact]
    public async Task What_others_write_meanwhile_can_make_a_change_invalid()
    {
        Meanwhile(() => _store.Put("services/orders", "defaults: { total_ms: x }\n"));

        (await new PolicyEditor(_store).ApplyAsync(Change((Inventory, "total_ms: 9000\n")), Token)).IsRefused.ShouldBeTrue();
        _store.TextOf(Inventory).ShouldBeNull();
    }

    [Fact]
    public async Task A_change_from_a_revision_is_not_tried_again()
    {
        _store.Put(Inventory, "total_ms: 11000\n");
        Meanwhile(() => _store.Put("defaults", "total_ms: 12000\n"));

        (await FailureOf(() => new PolicyEditor(_store).ApplyAsync(Change((Inventory, "total_ms: 9000\n")) with { From = 1 }, Token))).ShouldBe(PolicyStoreFailure.Conflict);
        _store.Changes.ShouldBe(0);
    }

    [Fact]
    public async Task A_change_from_an_earlier_revision_is_a_conflict_before_anything_else_is_said()
    {
        _store.Put(Inventory, "total_ms: 11000\n");
        _store.Put("defaults", "total_ms: x\n");

        (await FailureOf(() => new PolicyEditor(_store).CheckAsync(Change((Inventory, "total_ms: 9000\n")) with { From = 1 }, Token))).ShouldBe(PolicyStoreFailure.Conflict);
    }

    [Fact]
    public async Task A_store_that_changes_all_the_time_ends_in_a_conflict()
    {
        var total = 11000;
        _store.BeforeChange = () => _store.Put("defaults", $"total_ms: {++total}\n");

        (await FailureOf(() => new PolicyEditor(_store).ApplyAsync(Change((Inventory, "total_ms: 9000\n")), Token))).ShouldBe(PolicyStoreFailure.Conflict);
    }

    [Fact]
    public async Task Going_back_brings_back_deletes_and_changes()
    {
        _store.Put(Inventory, "total_ms: 11000\n");
        _store.Put("defaults", "total_ms: 12000\n");
        var then = _store.Now;
        _store.Put(Inventory, null);
        _store.Put("defaults", "total_ms: 13000\n");
        _store.Put("services/orders", "defaults: { total_ms: 8000 }\n");

        var edit = await new PolicyEditor(_store).ApplyAsync(new PolicyRestore(2, "ada", "a test"), Token);

        edit.IsWritten.ShouldBeTrue();
        edit.Change.Scopes.ShouldSatisfyAllConditions(scopes => scopes.Count.ShouldBe(3), scopes => scopes["services/orders"].ShouldBeNull());
        _store.Now.Digest.ShouldBe(then.Digest);
        (await new PolicyEditor(_store).CheckAsync(new PolicyRestore(2, "ada", "a test"), Token)).ChangesNothing.ShouldBeTrue();
    }

    [Fact]
    public async Task Going_back_also_deletes_what_comes_meanwhile()
    {
        _store.Put("defaults", "total_ms: 12000\n");
        _store.Put("defaults", "total_ms: 13000\n");
        Meanwhile(() => _store.Put(Inventory, "total_ms: 11000\n"));

        (await new PolicyEditor(_store).ApplyAsync(new PolicyRestore(1, "ada", "a test"), Token)).IsWritten.ShouldBeTrue();
        _store.Now.Sources.Select(source => source.Scope).ShouldBe(["defaults"]);
    }

    [Fact]
    public async Task Going_back_to_an_invalid_state_is_refused()
    {
        _store.Put("defaults", "total_ms: x\n");
        _store.Put("defaults", "total_ms: 13000\n");

        var edit = await new PolicyEditor(_store).ApplyAsync(new PolicyRestore(1, "ada", "a test"), Token);

        edit.Errors.ShouldHaveSingleItem().Source.ShouldBe("defaults of revision 1");
    }

    [Fact]
    public async Task A_change_without_who_or_why_is_a_mistake_of_the_caller()
    {
        await Should.ThrowAsync<ArgumentException>(() => new PolicyEditor(_store).ApplyAsync(Change() with { Who = " " }, Token));
        await Should.ThrowAsync<ArgumentException>(() => new PolicyEditor(_store).ApplyAsync(new PolicyRestore(1, "ada", ""), Token));
    }

    private static PolicyChange Change(params (string Scope, string? Text)[] scopes) => new(
        scopes.ToDictionary(scope => scope.Scope, ReadOnlyMemory<byte>? (scope) => scope.Text is null ? default(ReadOnlyMemory<byte>?) : Encoding.UTF8.GetBytes(scope.Text)), "ada", "a test");

    private static async Task<PolicyStoreFailure> FailureOf(Func<Task> act) => (await Should.ThrowAsync<PolicyStoreException>(act)).Failure;

    private void Meanwhile(Action act) => _store.BeforeChange = () =>
    {
        _store.BeforeChange = null;
        act();
    };
}
