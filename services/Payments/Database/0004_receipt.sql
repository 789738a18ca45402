-- Number of the provider's receipt, of payments that a release with receipts charged.
ALTER TABLE payments ADD COLUMN receipt uuid;
