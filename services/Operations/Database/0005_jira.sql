-- What of a ticket is in Jira. The board here is the truth; Jira follows it, comment by comment, in their order.
CREATE TABLE jira_issues (
    ticket bigint PRIMARY KEY REFERENCES tickets,
    -- Null until it is known.
    issue text,
    -- When a creation was begun of which nobody knows what came.
    doubt_since timestamptz,
    -- The last comment that is there, and the one of which nobody knows whether it is.
    comment bigint NOT NULL DEFAULT 0,
    doubt_comment bigint,
    -- The status that was last moved to.
    status text NOT NULL DEFAULT 'open',
    -- Why Jira refuses it, and when it is asked again.
    problem text,
    ask_again_at timestamptz NOT NULL DEFAULT '-infinity'
);
