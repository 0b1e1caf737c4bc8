-- Roll-ups, by minute and by hour: numbers of minutes and hours since 1970, UTC. What happened before this migration
-- is not in them; it stays in the lists and timelines.
--
-- Keys begin with the account and the time, so that what one minute writes lies on few pages and what one account asks
-- for lies in one stretch. Histograms are blobs (histogram.ts): a row for each bar would be twenty times as many.

-- What was counted and is in no row of these tables yet, as slot-record.ts writes it. It rides on the row that every
-- commit writes anyway: a statement and a page of its own would cost small commits more than the counting does.
ALTER TABLE counters ADD COLUMN slots BLOB NOT NULL DEFAULT x'';

-- What did not fit there; the counters' blob is the newest of them. Empty once its minutes are in the tables.
CREATE TABLE slot_spills (
  row   INTEGER PRIMARY KEY,
  slots BLOB NOT NULL
) STRICT;

-- One row. Hours before folded_until are in the hour tables; minutes before minutes_since are in them alone.
CREATE TABLE slot_marks (
  id            INTEGER PRIMARY KEY CHECK (id = 1),
  folded_until  INTEGER NOT NULL,
  minutes_since INTEGER NOT NULL
) STRICT;
INSERT INTO slot_marks VALUES (1, 0, 0);

CREATE TABLE call_minutes (
  account_row     INTEGER NOT NULL,
  slot            INTEGER NOT NULL,
  connected       INTEGER NOT NULL,
  ended           INTEGER NOT NULL,
  failed          INTEGER NOT NULL,
  unpaired        INTEGER NOT NULL,
  duration_count  INTEGER NOT NULL,
  duration_ms_sum INTEGER NOT NULL,
  duration_ms_max INTEGER NOT NULL,
  short_calls     INTEGER NOT NULL,
  active_peak     INTEGER NOT NULL,
  active_end      INTEGER NOT NULL,
  repeated        INTEGER NOT NULL,
  late            INTEGER NOT NULL,
  conflicting     INTEGER NOT NULL,
  noted           INTEGER NOT NULL,
  durations       BLOB NOT NULL,
  PRIMARY KEY (account_row, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE call_hours (
  account_row     INTEGER NOT NULL,
  slot            INTEGER NOT NULL,
  connected       INTEGER NOT NULL,
  ended           INTEGER NOT NULL,
  failed          INTEGER NOT NULL,
  unpaired        INTEGER NOT NULL,
  duration_count  INTEGER NOT NULL,
  duration_ms_sum INTEGER NOT NULL,
  duration_ms_max INTEGER NOT NULL,
  short_calls     INTEGER NOT NULL,
  active_peak     INTEGER NOT NULL,
  active_end      INTEGER NOT NULL,
  repeated        INTEGER NOT NULL,
  late            INTEGER NOT NULL,
  conflicting     INTEGER NOT NULL,
  noted           INTEGER NOT NULL,
  durations       BLOB NOT NULL,
  PRIMARY KEY (account_row, slot)
) STRICT, WITHOUT ROWID;

CREATE TABLE delivery_minutes (
  account_row     INTEGER NOT NULL,
  slot            INTEGER NOT NULL,
  destination_row INTEGER NOT NULL,
  delivered       INTEGER NOT NULL,
  failed_attempts INTEGER NOT NULL,
  dead            INTEGER NOT NULL,
  latencies       BLOB NOT NULL,
  PRIMARY KEY (account_row, slot, destination_row)
) STRICT, WITHOUT ROWID;

CREATE TABLE delivery_hours (
  account_row     INTEGER NOT NULL,
  slot            INTEGER NOT NULL,
  destination_row INTEGER NOT NULL,
  delivered       INTEGER NOT NULL,
  failed_attempts INTEGER NOT NULL,
  dead            INTEGER NOT NULL,
  latencies       BLOB NOT NULL,
  PRIMARY KEY (account_row, slot, destination_row)
) STRICT, WITHOUT ROWID;

CREATE TABLE error_minutes (
  account_row INTEGER NOT NULL,
  slot        INTEGER NOT NULL,
  error_row   INTEGER NOT NULL,
  calls       INTEGER NOT NULL,
  PRIMARY KEY (account_row, slot, error_row)
) STRICT, WITHOUT ROWID;

CREATE TABLE error_hours (
  account_row INTEGER NOT NULL,
  slot        INTEGER NOT NULL,
  error_row   INTEGER NOT NULL,
  calls       INTEGER NOT NULL,
  PRIMARY KEY (account_row, slot, error_row)
) STRICT, WITHOUT ROWID;

-- Reports of a source are counted by the hour alone: they tell only what hours it is usually silent in.
CREATE TABLE source_hours (
  account_row       INTEGER NOT NULL,
  slot              INTEGER NOT NULL,
  source_row        INTEGER NOT NULL,
  reports           INTEGER NOT NULL,
  last_report_at_ms INTEGER NOT NULL,
  PRIMARY KEY (account_row, slot, source_row)
) STRICT, WITHOUT ROWID;

-- Failed calls whose error texts are the same but for numbers and ids; the same text can be of two classes, since
-- "429" and "500" are different troubles and one fingerprint. At most 2,000 of an account, so its lists need no index.
CREATE TABLE error_groups (
  row          INTEGER PRIMARY KEY,
  id           TEXT NOT NULL UNIQUE,
  account_row  INTEGER NOT NULL,
  fingerprint  TEXT NOT NULL,
  class        TEXT NOT NULL,
  example      TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN ('open', 'acknowledged', 'resolved', 'muted')),
  first_at_ms  INTEGER NOT NULL,
  last_at_ms   INTEGER NOT NULL,
  calls        INTEGER NOT NULL,
  last_call_id TEXT NOT NULL,
  UNIQUE (account_row, fingerprint, class)
) STRICT;
