-- The cheaper way by which an order was answered, said again to a repeat of the request. Null where the order took the normal way.
ALTER TABLE orders ADD COLUMN answered_degraded text;
