-- What the hub says about itself and its calls. Numbered by SQLite, and never twice: deliveries of these name them with
-- a minus sign where those of calls name call and event, so that one table of deliveries serves both.
CREATE TABLE operational_events (
  row             INTEGER PRIMARY KEY AUTOINCREMENT CHECK (row > 0),
  id              TEXT NOT NULL UNIQUE,
  account_row     INTEGER NOT NULL REFERENCES accounts (row),
  at_ms           INTEGER NOT NULL,
  type            TEXT NOT NULL,
  -- The call's own id, not its row: what is said of a call may outlive it.
  call_id         TEXT,
  -- Of the destination it is about.
  destination_row INTEGER REFERENCES destinations (row),
  once_key        TEXT,
  -- As it is signed and sent; it says all of it.
  body            BLOB NOT NULL
) STRICT;
CREATE INDEX operational_events_by_account ON operational_events (account_row);
-- Retention goes by time: the clock may have been set back between two rows.
CREATE INDEX operational_events_by_time ON operational_events (at_ms);
CREATE INDEX operational_events_by_type ON operational_events (account_row, type);
CREATE INDEX operational_events_by_call ON operational_events (account_row, call_id) WHERE call_id IS NOT NULL;
CREATE INDEX operational_events_by_destination ON operational_events (destination_row, type)
  WHERE destination_row IS NOT NULL;
CREATE UNIQUE INDEX operational_events_once ON operational_events (account_row, once_key) WHERE once_key IS NOT NULL;

-- A replay sends operational events first: those up to this one, the last there was when it was asked for. While it is
-- among them its cursor is negative: how many rows it has to go to one past this.
ALTER TABLE replays ADD COLUMN operational_end_row INTEGER NOT NULL DEFAULT 0;

-- What destinations remember between attempts: ids of records they made, tokens, counts. Secrets are sealed, each bound
-- to its destination and key.
CREATE TABLE destination_memory (
  destination_row INTEGER NOT NULL REFERENCES destinations (row),
  key             TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 320),
  value           TEXT,
  sealed          BLOB,
  -- Deleted with this call.
  call_row        INTEGER,
  PRIMARY KEY (destination_row, key),
  CHECK ((value IS NULL) <> (sealed IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX destination_memory_by_call ON destination_memory (call_row) WHERE call_row IS NOT NULL;
-- So that a destination's secrets go at once with it, however much else it remembers.
CREATE INDEX destination_memory_sealed ON destination_memory (destination_row) WHERE sealed IS NOT NULL;

-- What one source sent in one hour (number of hours since 1970, UTC), and how its clock went. A source can speak for
-- several accounts, so the key begins with the account, as those of the other roll-ups do.
CREATE TABLE source_quality (
  account_row    INTEGER NOT NULL,
  slot           INTEGER NOT NULL,
  source_row     INTEGER NOT NULL,
  advanced       INTEGER NOT NULL CHECK (advanced >= 0),
  repeated       INTEGER NOT NULL CHECK (repeated >= 0),
  late           INTEGER NOT NULL CHECK (late >= 0),
  conflicting    INTEGER NOT NULL CHECK (conflicting >= 0),
  noted          INTEGER NOT NULL CHECK (noted >= 0),
  unpaired_ends  INTEGER NOT NULL CHECK (unpaired_ends >= 0),
  bad_signatures INTEGER NOT NULL CHECK (bad_signatures >= 0),
  bad_requests   INTEGER NOT NULL CHECK (bad_requests >= 0),
  -- JSON arrays: one count for each class of skew.
  behind         TEXT NOT NULL CHECK (json_valid(behind)),
  ahead          TEXT NOT NULL CHECK (json_valid(ahead)),
  PRIMARY KEY (account_row, slot, source_row)
) STRICT, WITHOUT ROWID;
