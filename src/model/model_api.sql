-- src/model/model_api.sql

-- Changes of triage.model reach every backend

CREATE OR REPLACE FUNCTION triage.model_changed()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_model_changed';
COMMENT ON FUNCTION triage.model_changed() IS 'Trigger of triage.model: has every backend look at the models again after commit.';
REVOKE ALL ON FUNCTION triage.model_changed() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.model_gone()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_model_gone';
COMMENT ON FUNCTION triage.model_gone() IS 'Trigger of triage.model: keeps the numbers of dropped versions and removes their files at commit.';
REVOKE ALL ON FUNCTION triage.model_gone() FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.model_checked()
RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'st_model_checked';
COMMENT ON FUNCTION triage.model_checked() IS 'Trigger of triage.model: refuses rows that cannot be; retires a shipped model when an active version of its name comes, as from a dump.';
REVOKE ALL ON FUNCTION triage.model_checked() FROM PUBLIC;

CREATE OR REPLACE TRIGGER model_changed
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON triage.model
FOR EACH STATEMENT EXECUTE FUNCTION triage.model_changed();
CREATE OR REPLACE TRIGGER model_gone
AFTER DELETE ON triage.model
FOR EACH ROW EXECUTE FUNCTION triage.model_gone();
CREATE OR REPLACE TRIGGER model_truncated
BEFORE TRUNCATE ON triage.model
FOR EACH STATEMENT EXECUTE FUNCTION triage.model_gone();
CREATE OR REPLACE TRIGGER model_checked
BEFORE INSERT OR UPDATE ON triage.model
FOR EACH ROW EXECUTE FUNCTION triage.model_checked();

-- Also for rows that logical replication brings. The others are not, or rows
-- of triage.model_dropped would come twice.
ALTER TABLE triage.model ENABLE ALWAYS TRIGGER model_changed;
ALTER TABLE triage.model ENABLE ALWAYS TRIGGER model_checked;
COMMENT ON TRIGGER model_changed ON triage.model IS 'Has every backend look again after commit.';
COMMENT ON TRIGGER model_gone ON triage.model IS 'Keeps the numbers of dropped versions and removes their files.';
COMMENT ON TRIGGER model_truncated ON triage.model IS 'Keeps the numbers of dropped versions and removes their files.';

COMMENT ON TRIGGER model_checked ON triage.model IS 'Refuses rows that cannot be; retires a shipped model when an active version of its name comes.';

-- Training

CREATE OR REPLACE FUNCTION triage.train(
    model text,
    examples text,
    options jsonb DEFAULT '{}',
    OUT version int,
    OUT examples bigint,
    OUT labels int,
    OUT accuracy float8,
    OUT macro_f1 float8,
    OUT log_loss float8,
    OUT calibration_error float8,
    OUT out_of_scope_threshold float8,
    OUT seconds float8,
    OUT skipped bigint
)
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'st_train_sql';
COMMENT ON FUNCTION triage.train(text, text, jsonb) IS 'Trains a new version of a model from a query of (document, label), which runs as the caller; columns of any type are read as text. Rows without document or label are skipped and counted. The first version of a name becomes active, later ones are candidates. Metrics come from examples held out of training.';
REVOKE ALL ON FUNCTION triage.train(text, text, jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.read_training_progress(
    OUT pid int,
    OUT role oid,
    OUT model text,
    OUT phase text,
    OUT percent real,
    OUT examples bigint,
    OUT started_at timestamptz,
    OUT updated_at timestamptz
)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'st_training_progress';
COMMENT ON FUNCTION triage.read_training_progress() IS 'The trainings running in this database; see view triage.training_progress.';
REVOKE ALL ON FUNCTION triage.read_training_progress() FROM PUBLIC;

CREATE OR REPLACE VIEW triage.training_progress WITH (security_invoker = true) AS
SELECT p.pid,
       pg_catalog.pg_get_userbyid(p.role) AS role,
       p.model, p.phase, p.percent, p.examples, p.started_at, p.updated_at
FROM triage.read_training_progress() p;
COMMENT ON VIEW triage.training_progress IS 'The trainings that are running in this database, and how far they are: phase, per cent of the phase where it is known, examples read.';
COMMENT ON COLUMN triage.training_progress.pid IS 'Process of the session that trains.';
COMMENT ON COLUMN triage.training_progress.role IS 'Role that trains.';
COMMENT ON COLUMN triage.training_progress.model IS 'Name of the model.';
COMMENT ON COLUMN triage.training_progress.phase IS 'What is being done.';
COMMENT ON COLUMN triage.training_progress.percent IS 'How much of the phase is done; NULL when that is not known.';
COMMENT ON COLUMN triage.training_progress.examples IS 'Examples read so far.';
COMMENT ON COLUMN triage.training_progress.started_at IS 'When the training began.';
COMMENT ON COLUMN triage.training_progress.updated_at IS 'When this was written.';

-- Using a model

CREATE OR REPLACE FUNCTION triage.classify(model text, document text)
RETURNS triage.prediction
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'st_classify';
COMMENT ON FUNCTION triage.classify(text, text) IS 'What the active version of a model says of a document.';
REVOKE ALL ON FUNCTION triage.classify(text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.classify_top(model text, document text, k int)
RETURNS SETOF triage.prediction
LANGUAGE c STABLE STRICT PARALLEL SAFE COST 100 ROWS 5
AS 'MODULE_PATHNAME', 'st_classify_top';
COMMENT ON FUNCTION triage.classify_top(text, text, int) IS 'The k most probable labels of a document, best first; margin is the distance to the next one.';
REVOKE ALL ON FUNCTION triage.classify_top(text, text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.explain(
    model text,
    document text,
    label text DEFAULT NULL,
    OUT start int,
    OUT length int,
    OUT token text,
    OUT contribution real
)
RETURNS SETOF record
LANGUAGE c STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'st_explain';
COMMENT ON FUNCTION triage.explain(text, text, text) IS 'What each part of a document adds to the score of a label (of the predicted one by default). start counts characters from 1; the row without token is what no single part gave. The contributions sum to the score.';
REVOKE ALL ON FUNCTION triage.explain(text, text, text) FROM PUBLIC;

-- Judging a model

CREATE OR REPLACE FUNCTION triage.evaluate(
    model text,
    examples text,
    version int DEFAULT NULL,
    OUT version int,
    OUT examples bigint,
    OUT labels int,
    OUT accuracy float8,
    OUT macro_f1 float8,
    OUT log_loss float8,
    OUT calibration_error float8,
    OUT coverage float8,
    OUT accuracy_in_scope float8,
    OUT unknown_labels bigint,
    OUT skipped bigint
)
LANGUAGE c VOLATILE PARALLEL UNSAFE COST 10000
AS 'MODULE_PATHNAME', 'st_evaluate';
COMMENT ON FUNCTION triage.evaluate(text, text, int) IS 'Measures a version of a model (the active one by default) on a query of (document, label), which runs as the caller. coverage is the share of documents in scope; examples whose label the model does not know count as wrong, except in log_loss, and are counted in unknown_labels.';
REVOKE ALL ON FUNCTION triage.evaluate(text, text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.confusion(
    model text,
    examples text,
    version int DEFAULT NULL,
    OUT actual text,
    OUT predicted text,
    OUT n bigint
)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE COST 10000
AS 'MODULE_PATHNAME', 'st_confusion';
COMMENT ON FUNCTION triage.confusion(text, text, int) IS 'How often a version of a model (the active one by default) takes which label for which, on a query of (document, label), which runs as the caller.';
REVOKE ALL ON FUNCTION triage.confusion(text, text, int) FROM PUBLIC;

-- Managing models

CREATE OR REPLACE FUNCTION triage.activate(model text, version int)
RETURNS void
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'st_activate';
COMMENT ON FUNCTION triage.activate(text, int) IS 'Makes a version of a model the active one and retires the one before, everywhere at commit. Going back is activating an older version; version 0 is the one that came with the extension.';
REVOKE ALL ON FUNCTION triage.activate(text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.drop_model(model text, version int DEFAULT NULL)
RETURNS int
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'st_drop_model';
COMMENT ON FUNCTION triage.drop_model(text, int) IS 'Drops a version of a model, all of them by default; returns how many. The active version of several cannot be dropped alone, nor the one that came with the extension, which is active again when all others are dropped.';
REVOKE ALL ON FUNCTION triage.drop_model(text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.model_file(model text, version int DEFAULT NULL)
RETURNS bytea
LANGUAGE c STABLE PARALLEL SAFE COST 10000
AS 'MODULE_PATHNAME', 'st_model_file';
COMMENT ON FUNCTION triage.model_file(text, int) IS 'A version of a model (the active one by default) as a file to be shipped with the extension: a header with its checksum, and the weights.';
REVOKE ALL ON FUNCTION triage.model_file(text, int) FROM PUBLIC;

CREATE OR REPLACE FUNCTION triage.refresh_models(OUT model text, OUT change text)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL UNSAFE COST 10000 ROWS 10
AS 'MODULE_PATHNAME', 'st_refresh_models';
COMMENT ON FUNCTION triage.refresh_models() IS 'Lists in triage.model what shipped models are in the directory of the extension now. Tells of each whether it was added, updated, removed, left unchanged, or left out with a warning. Called by CREATE EXTENSION and ALTER EXTENSION UPDATE.';
REVOKE ALL ON FUNCTION triage.refresh_models() FROM PUBLIC;

CREATE OR REPLACE VIEW triage.model_overview WITH (security_invoker = true) AS
SELECT m.name, m.version, m.status, m.labels, m.options, m.metrics, m.provenance,
       m.trained_by, m.trained_at, m.unicode_version, m.size_bytes, m.checksum, m.file
FROM triage.model m;
COMMENT ON VIEW triage.model_overview IS 'triage.model without the weights.';
COMMENT ON COLUMN triage.model_overview.name IS 'Name by which functions refer to the model.';
COMMENT ON COLUMN triage.model_overview.version IS 'Counted from 1 for each name; never given again, even after the version was dropped. 0 is a model that came with the extension.';
COMMENT ON COLUMN triage.model_overview.status IS 'At most one version of a name is active.';
COMMENT ON COLUMN triage.model_overview.labels IS 'The labels, in the order of the weights.';
COMMENT ON COLUMN triage.model_overview.options IS 'Options as given to triage.train.';
COMMENT ON COLUMN triage.model_overview.metrics IS 'Measured on examples held out of training.';
COMMENT ON COLUMN triage.model_overview.provenance IS 'Where the model comes from: the examples query, counts of rows used and skipped, seconds; of a shipped model what it was trained on and under which licences.';
COMMENT ON COLUMN triage.model_overview.trained_by IS 'Role that trained it; support_triage for a shipped model.';
COMMENT ON COLUMN triage.model_overview.trained_at IS 'When it was trained.';
COMMENT ON COLUMN triage.model_overview.unicode_version IS 'ICU and Unicode version it was trained with; a server with another warns.';
COMMENT ON COLUMN triage.model_overview.size_bytes IS 'Bytes of the weights.';
COMMENT ON COLUMN triage.model_overview.checksum IS 'SHA-256 of the weights, hexadecimal.';
COMMENT ON COLUMN triage.model_overview.file IS 'File in the directory of the extension that holds the weights of a shipped model; NULL for others.';

SELECT pg_catalog.count(*) FROM triage.refresh_models();
