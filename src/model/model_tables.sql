-- src/model/model_tables.sql

CREATE TYPE triage.model_status AS ENUM ('candidate', 'shadow', 'canary', 'active', 'retired');
COMMENT ON TYPE triage.model_status IS 'What a version of a model is used for: active decides, candidate waits, shadow and canary are tried beside the active one, retired was active before.';
REVOKE ALL ON TYPE triage.model_status FROM PUBLIC;

CREATE TYPE triage.prediction AS (
    label text,
    confidence real,
    margin real,
    in_scope boolean
);
COMMENT ON TYPE triage.prediction IS 'What a model says of a document: a label, its calibrated probability, how far the next label is behind, and false for in_scope when the model does not know.';
COMMENT ON COLUMN triage.prediction.label IS 'The most probable label.';
COMMENT ON COLUMN triage.prediction.confidence IS 'Calibrated probability of the label, 0 to 1.';
COMMENT ON COLUMN triage.prediction.margin IS 'confidence less that of the next label.';
COMMENT ON COLUMN triage.prediction.in_scope IS 'false: the document is unlike what the model was trained with, it does not know.';
REVOKE ALL ON TYPE triage.prediction FROM PUBLIC;

-- Rows are checked by a trigger (model_api.sql): reading constraints would cost
-- every new connection a twentieth of the time to its first answer.
CREATE TABLE triage.model (
    name text NOT NULL,
    version int NOT NULL,
    status triage.model_status NOT NULL,
    labels text[] NOT NULL,
    options jsonb NOT NULL,
    metrics jsonb NOT NULL,
    provenance jsonb NOT NULL,
    trained_by text NOT NULL,
    trained_at timestamptz NOT NULL,
    unicode_version text NOT NULL,
    size_bytes bigint NOT NULL,
    checksum text NOT NULL,
    weights bytea,
    file text,
    PRIMARY KEY (name, version)
);
ALTER TABLE triage.model ALTER COLUMN weights SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX model_active ON triage.model (name) WHERE status = 'active';
-- What came with the extension is not dumped: CREATE EXTENSION lists what is there.
SELECT pg_catalog.pg_extension_config_dump('triage.model', 'WHERE version > 0');

COMMENT ON TABLE triage.model IS 'Text models, one row a version. Written by triage.train, triage.activate, triage.drop_model and triage.refresh_models; read by triage.classify and its like.';
COMMENT ON COLUMN triage.model.name IS 'Name by which functions refer to the model.';
COMMENT ON COLUMN triage.model.version IS 'Counted from 1 for each name; never given again, even after the version was dropped. 0 is a model that came with the extension.';
COMMENT ON COLUMN triage.model.status IS 'At most one version of a name is active.';
COMMENT ON COLUMN triage.model.labels IS 'The labels, in the order of the weights.';
COMMENT ON COLUMN triage.model.options IS 'Options as given to triage.train.';
COMMENT ON COLUMN triage.model.metrics IS 'Measured on examples held out of training.';
COMMENT ON COLUMN triage.model.provenance IS 'Where the model comes from: the examples query, counts of rows used and skipped, seconds; of a shipped model what it was trained on and under which licences.';
COMMENT ON COLUMN triage.model.trained_by IS 'Role that trained it; support_triage for a shipped model.';
COMMENT ON COLUMN triage.model.trained_at IS 'When it was trained.';
COMMENT ON COLUMN triage.model.unicode_version IS 'ICU and Unicode version it was trained with; a server with another warns.';
COMMENT ON COLUMN triage.model.size_bytes IS 'Bytes of the weights.';
COMMENT ON COLUMN triage.model.checksum IS 'SHA-256 of the weights, hexadecimal.';
COMMENT ON COLUMN triage.model.weights IS 'The weights. Backends read them from a shared mapping that is derived from this column. NULL for a shipped model.';
COMMENT ON COLUMN triage.model.file IS 'File in the directory of the extension that holds the weights of a shipped model; NULL for others.';
COMMENT ON INDEX triage.model_active IS 'At most one active version a name.';

CREATE TABLE triage.model_dropped (
    name text NOT NULL,
    version int NOT NULL,
    dropped_by text NOT NULL DEFAULT session_user,
    dropped_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    PRIMARY KEY (name, version)
);
SELECT pg_catalog.pg_extension_config_dump('triage.model_dropped', '');

COMMENT ON TABLE triage.model_dropped IS 'Versions of models that were dropped. Decisions may still name them, so their numbers are not given again.';
COMMENT ON COLUMN triage.model_dropped.name IS 'Name of the model.';
COMMENT ON COLUMN triage.model_dropped.version IS 'The version.';
COMMENT ON COLUMN triage.model_dropped.dropped_by IS 'Role whose session dropped it.';
COMMENT ON COLUMN triage.model_dropped.dropped_at IS 'When.';
