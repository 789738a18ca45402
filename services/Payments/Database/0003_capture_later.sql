-- A payment can be authorized now and captured later: the provider holds the money, and what is still to be captured is on record here.
ALTER TABLE payments DROP CONSTRAINT payments_status_check;
ALTER TABLE payments ADD CONSTRAINT payments_status_check CHECK (status IN ('pending', 'authorized', 'captured', 'declined', 'refunded'));
-- When the capture is tried next, while the payment is authorized. Whoever tries moves it on first, so that nobody else does.
ALTER TABLE payments ADD COLUMN capture_at timestamptz;
ALTER TABLE payments ADD COLUMN capture_failures integer NOT NULL DEFAULT 0;
CREATE INDEX payments_to_capture ON payments (capture_at) WHERE status = 'authorized';

ALTER TABLE provider.charges DROP CONSTRAINT charges_status_check;
ALTER TABLE provider.charges ADD CONSTRAINT charges_status_check CHECK (status IN ('open', 'authorized', 'captured', 'declined', 'voided'));
