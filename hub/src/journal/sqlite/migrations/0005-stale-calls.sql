-- What becomes of an account's stale calls: kept as they are, or ended with error by the hub.
ALTER TABLE accounts ADD COLUMN stale_calls TEXT NOT NULL DEFAULT 'keep' CHECK (stale_calls IN ('keep', 'end'));
