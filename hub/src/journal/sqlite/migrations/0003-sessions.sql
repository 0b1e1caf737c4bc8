-- Who is signed in to the dashboard. Only the hash of the cookie's token is kept. Ended and expired ones are deleted:
-- the audit log remembers them.
CREATE TABLE sessions (
  row            INTEGER PRIMARY KEY,
  id             TEXT NOT NULL UNIQUE,
  key_row        INTEGER NOT NULL REFERENCES keys (row),
  hash           BLOB NOT NULL UNIQUE,
  created_at_ms  INTEGER NOT NULL,
  expires_at_ms  INTEGER NOT NULL,
  -- Since when it shows numbers in the clear; NULL while they are masked.
  revealed_at_ms INTEGER
) STRICT;
CREATE INDEX sessions_by_key ON sessions (key_row);
CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);
