-- The whole journal. Rows are numbered by the hub (see counters), not by SQLite, so that ids can carry them.
-- All times are unix milliseconds. Enumerations are small integers; codes.ts names them.

-- One row. Written once per commit group, in its transaction, so numbers are never given out twice, even
-- after the newest rows were pruned, and counting never has to scan.
CREATE TABLE counters (
  id           INTEGER PRIMARY KEY CHECK (id = 1),
  call_row     INTEGER NOT NULL,
  report_row   INTEGER NOT NULL,
  delivery_row INTEGER NOT NULL,
  calls        INTEGER NOT NULL,
  events       INTEGER NOT NULL,
  pending      INTEGER NOT NULL
) STRICT;
INSERT INTO counters VALUES (1, 0, 0, 0, 0, 0, 0);

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
  row           INTEGER PRIMARY KEY,
  id            TEXT NOT NULL UNIQUE,
  name          TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL
) STRICT;

-- Deleted ones stay as rows, since reports name them.
CREATE TABLE sources (
  row           INTEGER PRIMARY KEY,
  id            TEXT NOT NULL UNIQUE,
  account_row   INTEGER NOT NULL REFERENCES accounts (row),
  kind          TEXT NOT NULL,
  name          TEXT NOT NULL,
  secrets       BLOB NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  deleted_at_ms INTEGER
) STRICT;

CREATE TABLE keys (
  row             INTEGER PRIMARY KEY,
  id              TEXT NOT NULL UNIQUE,
  account_row     INTEGER NOT NULL REFERENCES accounts (row),
  name            TEXT NOT NULL,
  scopes          TEXT NOT NULL,
  hint            TEXT NOT NULL,
  hash            BLOB NOT NULL UNIQUE,
  created_at_ms   INTEGER NOT NULL,
  expires_at_ms   INTEGER,
  revoked_at_ms   INTEGER,
  last_used_at_ms INTEGER
) STRICT;

CREATE TABLE phone_numbers (
  account_row   INTEGER NOT NULL REFERENCES accounts (row),
  number        TEXT NOT NULL,
  name          TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (account_row, number)
) STRICT, WITHOUT ROWID;

-- Deleted ones stay as rows, since deliveries name them; their settings and secrets are wiped.
CREATE TABLE destinations (
  row                      INTEGER PRIMARY KEY CHECK (row < 1048576),
  id                       TEXT NOT NULL UNIQUE,
  account_row              INTEGER NOT NULL REFERENCES accounts (row),
  kind                     TEXT NOT NULL,
  name                     TEXT,
  settings                 BLOB NOT NULL,
  filter                   TEXT NOT NULL,
  order_policy             TEXT NOT NULL CHECK (order_policy IN ('strict', 'latest')),
  state                    TEXT NOT NULL CHECK (state IN ('enabled', 'paused', 'disabled')),
  state_reason             TEXT,
  concurrency              INTEGER NOT NULL CHECK (concurrency > 0),
  rate_per_second          REAL,
  retry_schedule           TEXT,
  timeout_ms               INTEGER NOT NULL,
  secret                   BLOB NOT NULL,
  previous_secret          BLOB,
  previous_secret_until_ms INTEGER,
  failing_since_ms         INTEGER,
  created_at_ms            INTEGER NOT NULL,
  updated_at_ms            INTEGER NOT NULL,
  deleted_at_ms            INTEGER
) STRICT;

CREATE TABLE calls (
  row                INTEGER PRIMARY KEY,
  account_row        INTEGER NOT NULL,
  call_id            TEXT NOT NULL,
  state              INTEGER NOT NULL CHECK (state BETWEEN 0 AND 3),
  type               TEXT,
  -- given: 1 = phone number told, 2 = with a name key, 4 = customer told. NULL alone cannot say which null it is.
  given              INTEGER NOT NULL,
  phone_number       TEXT,
  phone_name         TEXT,
  customer_number    TEXT,
  -- What number search compares: E.164 digits where known, else the digits given, else the text.
  phone_search       TEXT,
  customer_search    TEXT,
  started_at_ms      INTEGER,
  ended_at_ms        INTEGER,
  duration_ms        INTEGER CHECK (duration_ms >= 0),
  error              TEXT,
  end_reason         TEXT,
  summary            TEXT,
  sequence           INTEGER NOT NULL,
  first_report_at_ms INTEGER NOT NULL,
  live_since_ms      INTEGER,
  updated_at_ms      INTEGER NOT NULL,
  UNIQUE (account_row, call_id)
) STRICT;
CREATE INDEX calls_by_update ON calls (account_row, updated_at_ms);
CREATE INDEX calls_live ON calls (account_row, live_since_ms) WHERE state = 1;

-- A report and, where it advanced the call, the event it made: they are one to one and share time, call and
-- status, so one row holds both and an event's number is its report's. Measured: two tables cost 3 µs more.
CREATE TABLE reports (
  row            INTEGER PRIMARY KEY,
  account_row    INTEGER NOT NULL,
  call_row       INTEGER NOT NULL,
  source_row     INTEGER NOT NULL,
  received_at_ms INTEGER NOT NULL,
  occurred_at_ms INTEGER,
  status         TEXT NOT NULL,
  outcome        INTEGER NOT NULL CHECK (outcome BETWEEN 0 AND 4),
  reason         TEXT,
  -- JSON of the report; NULL where the event's body says all of it.
  report         TEXT,
  -- The event's part, all NULL where the outcome is not advanced (0).
  event_id       TEXT,
  sequence       INTEGER,
  body           BLOB,
  traceparent    TEXT,
  CHECK ((outcome = 0) = (event_id IS NOT NULL AND sequence IS NOT NULL AND body IS NOT NULL))
) STRICT;
CREATE INDEX reports_by_call ON reports (call_row);

CREATE TABLE deliveries (
  row                 INTEGER PRIMARY KEY,
  destination_row     INTEGER NOT NULL,
  call_row            INTEGER NOT NULL,
  event_row           INTEGER NOT NULL,
  sequence            INTEGER NOT NULL,
  state               INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
  -- NULL while it waits behind an earlier event of its call, and once it is finished.
  due_at_ms           INTEGER,
  -- 1: the poison rule let the call's next event past this one.
  released            INTEGER NOT NULL DEFAULT 0,
  attempts            INTEGER NOT NULL DEFAULT 0,
  rejections          INTEGER NOT NULL DEFAULT 0,
  reason              TEXT,
  created_at_ms       INTEGER NOT NULL,
  finished_at_ms      INTEGER,
  replay_row          INTEGER,
  last_status         INTEGER,
  last_detail         TEXT,
  -- The attempt that delivered it: there is at most one and it has no detail, so it needs no row in attempts.
  sent_at_ms          INTEGER,
  sent_duration_ms    REAL,
  sent_first_byte_ms  REAL,
  CHECK ((state = 0) = (finished_at_ms IS NULL)),
  CHECK (state = 0 OR due_at_ms IS NULL)
) STRICT;
-- The order of one call at one destination, its timeline, and an event's deliveries.
CREATE INDEX deliveries_by_call ON deliveries (call_row, destination_row);
-- Only pending work, so that history of any length costs claims nothing.
CREATE INDEX deliveries_due ON deliveries (destination_row, due_at_ms) WHERE due_at_ms IS NOT NULL;
CREATE INDEX deliveries_waiting ON deliveries (destination_row) WHERE state = 0 AND due_at_ms IS NULL;
CREATE INDEX deliveries_dead ON deliveries (destination_row) WHERE state = 2;

-- Attempts that did not deliver.
CREATE TABLE attempts (
  delivery_row  INTEGER NOT NULL,
  number        INTEGER NOT NULL,
  outcome       INTEGER NOT NULL CHECK (outcome BETWEEN 1 AND 2),
  started_at_ms INTEGER NOT NULL,
  duration_ms   REAL NOT NULL,
  first_byte_ms REAL,
  status        INTEGER,
  cause         TEXT,
  detail        TEXT,
  response_body BLOB,
  PRIMARY KEY (delivery_row, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE replays (
  row            INTEGER PRIMARY KEY,
  id             TEXT NOT NULL UNIQUE,
  account_row    INTEGER NOT NULL REFERENCES accounts (row),
  state          TEXT NOT NULL CHECK (state IN ('running', 'paused', 'finished', 'cancelled')),
  request        TEXT NOT NULL,
  -- Events after this row are still to be looked at, up to and with the end: the journal's end at creation.
  cursor_row     INTEGER NOT NULL,
  end_row        INTEGER NOT NULL,
  examined       INTEGER NOT NULL DEFAULT 0,
  created        INTEGER NOT NULL DEFAULT 0,
  skipped        INTEGER NOT NULL DEFAULT 0,
  created_at_ms  INTEGER NOT NULL,
  finished_at_ms INTEGER
) STRICT;
CREATE INDEX replays_running ON replays (row) WHERE state = 'running';

CREATE TABLE audit (
  row         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL,
  account_row INTEGER NOT NULL,
  at_ms       INTEGER NOT NULL,
  actor_kind  TEXT NOT NULL,
  actor_id    TEXT NOT NULL,
  action      TEXT NOT NULL,
  subject     TEXT NOT NULL,
  detail      TEXT
) STRICT;
CREATE INDEX audit_by_account ON audit (account_row);
