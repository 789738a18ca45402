-- Tickets that are old enough to be forgotten are found without reading all of them.
CREATE INDEX tickets_resolved ON tickets (changed_at) WHERE status = 'resolved';
