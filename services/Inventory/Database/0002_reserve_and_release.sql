-- Reserve and release are functions so that the rows of a hot sku stay locked for one statement's time in the server
-- and never for a round trip to the service. Each call is one transaction of its own.
--
-- Locks are always taken in the same order, so calls never deadlock: first the order's own advisory lock, which makes
-- repeats of one order wait for each other, then the stock rows in sku order.

-- The first wanted sku, in the order of the request, that cannot be had now.
CREATE FUNCTION first_obstacle(wanted_skus text[], wanted_quantities numeric[], OUT obstacle text, OUT is_known boolean)
LANGUAGE sql STABLE AS $$
    SELECT wanted.sku, stock.sku IS NOT NULL
    FROM unnest(wanted_skus, wanted_quantities) WITH ORDINALITY AS wanted (sku, quantity, place)
    LEFT JOIN stock ON stock.sku = wanted.sku
    WHERE stock.sku IS NULL OR stock.available < wanted.quantity
    ORDER BY wanted.place
    LIMIT 1
$$;

-- Takes every quantity out of the available stock, or nothing. The skus are distinct.
-- Outcomes: reserved, released (nothing taken), out_of_stock, unknown_sku (both with the sku that stood in the way).
CREATE FUNCTION reserve_stock(wanted_by uuid, wanted_skus text[], wanted_quantities numeric[], OUT outcome text, OUT obstacle text)
LANGUAGE plpgsql AS $$
DECLARE
    is_known boolean;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(wanted_by::text, 0));
    SELECT status INTO outcome FROM reservations WHERE order_id = wanted_by;
    IF FOUND THEN
        RETURN;
    END IF;

    -- A look without locks first: buyers of a sold-out sku leave here and never queue for its row.
    SELECT found.obstacle, found.is_known INTO obstacle, is_known FROM first_obstacle(wanted_skus, wanted_quantities) AS found;
    IF obstacle IS NULL THEN
        PERFORM 1 FROM stock WHERE sku = ANY (wanted_skus) ORDER BY sku FOR UPDATE;
        SELECT found.obstacle, found.is_known INTO obstacle, is_known FROM first_obstacle(wanted_skus, wanted_quantities) AS found;
    END IF;

    IF obstacle IS NOT NULL THEN
        outcome := CASE WHEN is_known THEN 'out_of_stock' ELSE 'unknown_sku' END;
        RETURN;
    END IF;

    UPDATE stock
    SET available = stock.available - wanted.quantity, reserved = stock.reserved + wanted.quantity
    FROM unnest(wanted_skus, wanted_quantities) AS wanted (sku, quantity)
    WHERE stock.sku = wanted.sku;

    INSERT INTO reservations (order_id, status) VALUES (wanted_by, 'reserved');
    INSERT INTO reservation_lines (order_id, sku, quantity)
    SELECT wanted_by, wanted.sku, wanted.quantity FROM unnest(wanted_skus, wanted_quantities) AS wanted (sku, quantity);
    outcome := 'reserved';
END
$$;

-- Puts an order's stock back once, however often it is called. An order that was never reserved leaves a tombstone.
CREATE FUNCTION release_stock(held_by uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(held_by::text, 0));
    UPDATE reservations SET status = 'released', updated_at = now() WHERE order_id = held_by AND status = 'reserved';
    IF NOT FOUND THEN
        INSERT INTO reservations (order_id, status) VALUES (held_by, 'released') ON CONFLICT (order_id) DO NOTHING;
        RETURN;
    END IF;

    PERFORM 1 FROM stock
    WHERE sku IN (SELECT line.sku FROM reservation_lines AS line WHERE line.order_id = held_by)
    ORDER BY sku FOR UPDATE;

    UPDATE stock
    SET available = stock.available + line.quantity, reserved = stock.reserved - line.quantity
    FROM reservation_lines AS line
    WHERE line.order_id = held_by AND stock.sku = line.sku;
END
$$;
