namespace Tools.Tests.OwnShop;

public sealed class PrometheusTextTests
{
    [Fact]
    public void Values_of_a_metric_are_found_with_and_without_labels_and_time()
    {
        const string Text =
            """
            # TYPE outbox_pending gauge
            # HELP outbox_pending Messages not acknowledged yet
            outbox_pending{otel_scope_name="a b {c}"} 12 1700000000000
            outbox_pending 3
            outbox_pending_other 4
            # EOF
            """;

        PrometheusText.Values(Text, "outbox_pending").ShouldBe([12, 3]);
        PrometheusText.Values("", "outbox_pending").ShouldBeEmpty();
    }

    [Fact]
    public void A_counter_that_falls_began_again_at_zero()
    {
        const string Answer = """{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"2"],[2,"5"],[3,"1"],[4,"1"]]},{"metric":{},"values":[[1,"7"]]}]}}""";

        PrometheusText.Growth(Answer).ShouldBe(5 + 1 + 7);
    }
}
