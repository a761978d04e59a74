/*-------------------------------------------------------------------------
 *
 * model_progress.c
 *		How far a training is, for the trainer (NOTICE) and for other sessions
 *		(triage.training_progress).
 *
 * A training is one transaction, so no table can show it while it runs, and
 * the progress slots of the statistics system belong to core's commands.  So
 * the trainer keeps a small file in the directory of the mappings, which the
 * view reads.  The file names the process, the server's start and the local
 * transaction; a file of none that is running is ignored and later removed, so
 * that nothing depends on a tidy end.  When the file cannot be written there
 * is no row, and nothing else changes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <unistd.h>

#include "access/xact.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/pg_crc32c.h"
#include "storage/fd.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "core/compat.h"
#include "core/core.h"
#include "model/model_inner.h"

#define PROGRESS_PREFIX		"pgsql_tmp_progress_"
#define PROGRESS_MAGIC		0x50524753

/* A new state, and a NOTICE, at most this often */
#define PROGRESS_FILE_MS	200
#define PROGRESS_NOTICE_MS	3000

typedef struct ProgressFile
{
	uint32		magic;
	int			pid;
	TimestampTz server_start;
	LocalTransactionId transaction;
	Oid			database;
	Oid			userid;
	TimestampTz started;
	TimestampTz updated;
	int64		examples;
	double		fraction;		/* of the phase; negative: unknown */
	char		phase[NAMEDATALEN];
	char		model[ST_MAX_NAME_BYTES + 1];	/* database encoding */
	pg_crc32c	crc;			/* of all before it */
} ProgressFile;

/* The training of this backend, if any */
static ProgressFile progress;
static bool training = false;
static TimestampTz last_notice;

PG_FUNCTION_INFO_V1(st_training_progress);

static void progress_path(char *path, int pid);
static void progress_write(void);
static bool progress_read(const char *name, ProgressFile *file);
static void progress_xact(XactEvent event, void *arg);

/* st_progress_init: part of st_model_init */
void
st_progress_init(void)
{
	RegisterXactCallback(progress_xact, NULL);
}

/* progress_path: the file of a process into path (MAXPGPATH) */
static void
progress_path(char *path, int pid)
{
	snprintf(path, MAXPGPATH, "%s/%s%d", st_map_directory(false), PROGRESS_PREFIX, pid);
}

/*
 * st_progress_begin
 *		Starts to show a training of this backend.  The caller sees to
 *		st_progress_end also after an error (PG_FINALLY); the end of the
 *		transaction does too.
 */
void
st_progress_begin(const char *model)
{
	VirtualTransactionId vxid;

	GET_VXID_FROM_PGPROC(vxid, *MyProc);
	memset(&progress, 0, sizeof(progress));
	progress.magic = PROGRESS_MAGIC;
	progress.pid = MyProcPid;
	progress.server_start = PgStartTime;
	progress.transaction = vxid.localTransactionId;
	progress.database = MyDatabaseId;
	progress.userid = GetUserId();
	progress.started = GetCurrentTimestamp();
	progress.fraction = -1;
	strlcpy(progress.model, model, sizeof(progress.model));
	last_notice = progress.started;
	training = true;

	st_map_directory(true);
	st_progress_report("reading examples", -1, 0);
}

/*
 * st_progress_report
 *		Shows how far the training is: fraction of the phase that is done, less
 *		than 0 when unknown.  Cheap enough for every thousand examples; throws
 *		only what a NOTICE may.
 */
void
st_progress_report(const char *phase, double fraction, int64 examples)
{
	TimestampTz now = GetCurrentTimestamp();
	bool		new_phase = strcmp(phase, progress.phase) != 0;

	strlcpy(progress.phase, phase, sizeof(progress.phase));
	progress.fraction = fraction;
	progress.examples = examples;

	if (new_phase || TimestampDifferenceExceeds(progress.updated, now, PROGRESS_FILE_MS))
	{
		progress.updated = now;
		progress_write();
	}

	if (TimestampDifferenceExceeds(last_notice, now, PROGRESS_NOTICE_MS))
	{
		last_notice = now;
		if (fraction < 0)
			ereport(NOTICE,
					(errmsg("training \"%s\": %s, " INT64_FORMAT " so far",
							progress.model, phase, examples)));
		else
			ereport(NOTICE,
					(errmsg("training \"%s\": %s, %.0f %%",
							progress.model, phase, fraction * 100)));
	}
}

/* st_progress_end: ends what st_progress_begin began; harmless otherwise */
void
st_progress_end(void)
{
	char		path[MAXPGPATH];

	if (!training)
		return;
	training = false;
	progress_path(path, MyProcPid);
	(void) unlink(path);
}

/* progress_xact: a transaction that ends has no training */
static void
progress_xact(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT)
		st_progress_end();
}

/* progress_write: writes the state in one go; failures leave no row, no error */
static void
progress_write(void)
{
	char		path[MAXPGPATH];
	int			fd;

	INIT_CRC32C(progress.crc);
	COMP_CRC32C(progress.crc, &progress, offsetof(ProgressFile, crc));
	FIN_CRC32C(progress.crc);

	progress_path(path, MyProcPid);
	fd = OpenTransientFile(path, O_WRONLY | O_CREAT | PG_BINARY);
	if (fd < 0)
		return;
	if (write(fd, &progress, sizeof(progress)) != sizeof(progress))
		(void) unlink(path);
	CloseTransientFile(fd);
}

/*
 * progress_read
 *		Reads a file of the directory.  Returns whether it is the whole state of
 *		a training that is running in this server.
 */
static bool
progress_read(const char *name, ProgressFile *file)
{
	char		path[MAXPGPATH * 2];
	VirtualTransactionId vxid;
	pg_crc32c	crc;
	PGPROC	   *proc;
	ssize_t		length;
	int			fd;

	snprintf(path, sizeof(path), "%s/%s", st_map_directory(false), name);
	fd = OpenTransientFile(path, O_RDONLY | PG_BINARY);
	if (fd < 0)
		return false;
	length = read(fd, file, sizeof(ProgressFile));
	CloseTransientFile(fd);
	if (length != sizeof(ProgressFile) || file->magic != PROGRESS_MAGIC)
		return false;

	/* a state that was being written while we read is left out */
	INIT_CRC32C(crc);
	COMP_CRC32C(crc, file, offsetof(ProgressFile, crc));
	FIN_CRC32C(crc);
	if (!EQ_CRC32C(crc, file->crc) || file->server_start != PgStartTime)
		return false;

	proc = BackendPidGetProc(file->pid);
	if (proc == NULL)
		return false;
	GET_VXID_FROM_PGPROC(vxid, *proc);
	return vxid.localTransactionId == file->transaction;
}

/*
 * st_progress_is_stale
 *		Whether a file of the directory is the progress of no running training.
 */
bool
st_progress_is_stale(const char *name)
{
	ProgressFile file;
	int			pid;

	if (sscanf(name, PROGRESS_PREFIX "%d", &pid) != 1)
		return false;
	return BackendPidGetProc(pid) == NULL || !progress_read(name, &file);
}

/*
 * triage.read_training_progress()
 *		The trainings that are running in this database.
 */
Datum
st_training_progress(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const char *directory = st_map_directory(false);
	struct dirent *entry;
	ProgressFile file;
	DIR		   *dir;

	InitMaterializedSRF(fcinfo, 0);

	dir = AllocateDir(directory);
	if (dir == NULL)
		return (Datum) 0;		/* nothing was ever trained */

	while ((entry = ReadDirExtended(dir, directory, LOG)) != NULL)
	{
		Datum		values[8];
		bool		nulls[8] = {0};

		CHECK_FOR_INTERRUPTS();
		if (strncmp(entry->d_name, PROGRESS_PREFIX, strlen(PROGRESS_PREFIX)) != 0 ||
			!progress_read(entry->d_name, &file) ||
			file.database != MyDatabaseId)
			continue;

		values[0] = Int32GetDatum(file.pid);
		values[1] = ObjectIdGetDatum(file.userid);
		values[2] = CStringGetTextDatum(file.model);
		values[3] = CStringGetTextDatum(file.phase);
		values[4] = Float4GetDatum((float4) (file.fraction * 100));
		nulls[4] = file.fraction < 0;
		values[5] = Int64GetDatum(file.examples);
		values[6] = TimestampTzGetDatum(file.started);
		values[7] = TimestampTzGetDatum(file.updated);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	FreeDir(dir);

	return (Datum) 0;
}
