-- The one clock: the transaction's start, or what support_triage.clock says.
SELECT triage.now() = now() AS present_is_transaction_start;

SET support_triage.clock = '2024-02-29 12:00:00+00';
SELECT triage.now() AT TIME ZONE 'UTC' AS set_clock;

-- What is no timestamp is refused where it is read.
SET support_triage.clock = 'tomorrowish';
SELECT triage.now();
RESET support_triage.clock;

-- Only superusers set it, because deadlines are stamped with it.
CREATE ROLE regress_st_core;
SET ROLE regress_st_core;
SET support_triage.clock = '2024-02-29 12:00:00+00';
SELECT triage.now();
RESET ROLE;
DROP ROLE regress_st_core;

-- An unknown setting of ours is an error, not a silent placeholder.
SET support_triage.no_such_setting = 1;
