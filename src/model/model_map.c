/*-------------------------------------------------------------------------
 *
 * model_map.c
 *		One copy of a model's weights a server: files that all backends map
 *		read-only.
 *
 * A mapping is derived from a row of triage.model and disposable: whoever
 * needs one that is absent, damaged or of other weights builds it from the row
 * (model_cache.c).  Nothing here is WAL-logged, so standbys build their own.
 *
 * Name.  Everything is in one directory of the data directory, named
 * pgsql_tmp_support_triage, and named pgsql_tmp_... itself: base backups leave
 * out what begins with pgsql_tmp at any level, pg_rewind leaves out files so
 * named below the top.  A file's name holds the database, the TOAST value of
 * the weights (which changes whenever they are written) and the beginning of
 * their checksum, so that the weights in a file never change: others have
 * another name.
 *
 * Writing.  A file is written under a name of the process's own, fsynced (so
 * that a full disk shows here and not as a bus error in a reader) and renamed.
 * Two processes may build the same; the later rename wins and both are equal.
 * No lock is held.  A mapping stays readable after its file was removed.
 *
 * Reading.  Each opening compares the header with what the row wants and the
 * length.  The CRC of all weights is checked by the first process that opens
 * the file since the server started, and again when the time of the last
 * modification has changed since: what it then writes into the header (and
 * sets the time back) spares the others, each parallel worker among them, from
 * reading megabytes.  After that the pages are trusted: who truncates a file
 * that a running server has mapped does what truncating any of its files does.
 *
 * Removing.  Commit of a DELETE removes the file; whoever builds a file first
 * removes those of this database that no row names, those of databases that
 * are gone and those of other databases that nobody has opened for a month
 * (their extension may have been dropped).  A file removed too early is built
 * again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "access/xact.h"
#include "common/file_perm.h"
#include "miscadmin.h"
#include "port/pg_crc32c.h"
#include "port/pg_iovec.h"
#include "storage/fd.h"
#include "storage/procarray.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "model/model_inner.h"

#define MAP_DIRECTORY	"pgsql_tmp_support_triage"
#define MAP_PREFIX		"pgsql_tmp_"
#define MAP_MAGIC		"STMODEL\n"
#define MAP_FORMAT		1

/* The weights begin here: a multiple of 64 for vector loads */
#define MAP_HEADER_BYTES 128

/* Bytes between two looks at interrupts */
#define MAP_CHUNK		(16 * 1024 * 1024)

/* An opened file is marked as used once a day and removed unused after 30 */
#define MAP_TOUCH_SECONDS	(24 * 60 * 60)
#define MAP_UNUSED_SECONDS	(30 * MAP_TOUCH_SECONDS)

/* When the CRC was last found right: only this part of a file ever changes */
typedef struct MapChecked
{
	TimestampTz server_start;
	int64		modified_seconds;	/* of the file, at that time */
	int64		modified_nanoseconds;
} MapChecked;

typedef struct MapHeader
{
	char		magic[8];
	uint32		format;
	Oid			database;
	Oid			value_id;
	pg_crc32c	crc;			/* of the weights */
	uint64		size;			/* of the weights */
	uint8		checksum[ST_CHECKSUM_BYTES];
	MapChecked	checked;
} MapHeader;

StaticAssertDecl(sizeof(MapHeader) <= MAP_HEADER_BYTES, "header of a mapping is too long");

/* Keys whose files go at commit (in TopTransactionContext), or all of them */
static List *forget_keys = NIL;
static bool forget_all = false;

/* Said once a backend that files cannot be written */
static bool complained = false;

static void map_path(char *path, Oid database, const StMapKey *key);
static void map_unmap(void *arg);
static void map_checked_now(MapChecked *checked, const struct stat *st);
static bool map_check(const MapHeader *header, const struct stat *st, const StMapKey *key);
static void map_mark(const MapHeader *header, const struct stat *st, const char *path, int fd);
static pg_crc32c map_crc(const char *data, Size size);
static void map_complain(const char *what);
static void map_collect_garbage(void);
static bool map_is_garbage(const char *name, List *in_use);
static void map_xact(XactEvent event, void *arg);
static void map_remove_all(void);

/* st_map_init: part of st_model_init */
void
st_map_init(void)
{
	RegisterXactCallback(map_xact, NULL);
}

/*
 * st_map_directory
 *		Returns the directory's path; made first when create is given, whether
 *		or not that succeeds.
 */
const char *
st_map_directory(bool create)
{
	if (create)
		(void) MakePGDirectory(MAP_DIRECTORY);
	return MAP_DIRECTORY;
}

/* map_path: the file of a key into path (MAXPGPATH) */
static void
map_path(char *path, Oid database, const StMapKey *key)
{
	char	   *hex = path + snprintf(path, MAXPGPATH, "%s/%s%u_%u_", MAP_DIRECTORY,
									  MAP_PREFIX, database, key->value_id);

	for (int i = 0; i < 8; i++)
		hex += sprintf(hex, "%02x", key->checksum[i]);
	strcpy(hex, ".map");
}

/*
 * st_map_open
 *		Returns the mapped weights of a key and their size, or NULL when there
 *		is no good file.  They stay mapped as long as CurrentMemoryContext
 *		lives.  Throws only for cancel and lack of memory.
 */
const void *
st_map_open(const StMapKey *key, Size *size)
{
	char		path[MAXPGPATH];
	struct stat st;
	StMapping  *mapping;
	int			fd;

	map_path(path, MyDatabaseId, key);
	fd = OpenTransientFile(path, O_RDONLY | PG_BINARY);
	if (fd < 0)
		return NULL;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < MAP_HEADER_BYTES ||
		(mapping = st_map_file(fd, st.st_size)) == NULL)
	{
		CloseTransientFile(fd);
		return NULL;
	}

	if (!map_check(mapping->base, &st, key))
	{
		CloseTransientFile(fd);
		st_unmap(mapping);
		return NULL;
	}
	map_mark(mapping->base, &st, path, fd);
	CloseTransientFile(fd);

	*size = st.st_size - MAP_HEADER_BYTES;
	return (const char *) mapping->base + MAP_HEADER_BYTES;
}

/*
 * st_map_file
 *		Maps the whole of an open file for reading; NULL when that fails.  It
 *		stays mapped as long as CurrentMemoryContext lives.
 */
StMapping *
st_map_file(int fd, Size size)
{
	StMapping  *mapping = palloc0(sizeof(StMapping));
	void	   *base = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	if (base == MAP_FAILED)
		return NULL;
	mapping->base = base;
	mapping->size = size;
	mapping->callback.func = map_unmap;
	mapping->callback.arg = mapping;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &mapping->callback);
	return mapping;
}

/* st_unmap: ends a mapping before its context does */
void
st_unmap(StMapping *mapping)
{
	if (mapping->base != NULL)
		(void) munmap(mapping->base, mapping->size);
	mapping->base = NULL;
}

/* map_unmap: callback of the context that holds a mapping */
static void
map_unmap(void *arg)
{
	st_unmap(arg);
}

/* map_checked_now: what the header says when the CRC was found right now */
static void
map_checked_now(MapChecked *checked, const struct stat *st)
{
	memset(checked, 0, sizeof(*checked));
	checked->server_start = PgStartTime;
	checked->modified_seconds = st->st_mtim.tv_sec;
	checked->modified_nanoseconds = st->st_mtim.tv_nsec;
}

/* map_check: whether a mapped file is complete, intact and of this key */
static bool
map_check(const MapHeader *header, const struct stat *st, const StMapKey *key)
{
	MapChecked	now;

	if (memcmp(header->magic, MAP_MAGIC, sizeof(header->magic)) != 0 ||
		header->format != MAP_FORMAT ||
		header->database != MyDatabaseId ||
		header->value_id != key->value_id ||
		memcmp(header->checksum, key->checksum, ST_CHECKSUM_BYTES) != 0 ||
		header->size != st->st_size - MAP_HEADER_BYTES)
		return false;

	map_checked_now(&now, st);
	return memcmp(&header->checked, &now, sizeof(now)) == 0 ||
		EQ_CRC32C(header->crc, map_crc((const char *) header + MAP_HEADER_BYTES, header->size));
}

/*
 * map_mark
 *		Marks a good file as checked, and once a day as used (by the time of its
 *		last access).  What fails is tried by the next process.
 */
static void
map_mark(const MapHeader *header, const struct stat *st, const char *path, int fd)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_OMIT}};
	MapChecked	now;

	if (st->st_atime < time(NULL) - MAP_TOUCH_SECONDS)
		(void) futimens(fd, times);

	map_checked_now(&now, st);
	if (memcmp(&header->checked, &now, sizeof(now)) != 0)
	{
		int			wfd = OpenTransientFile(path, O_WRONLY | PG_BINARY);
		struct stat same;

		if (wfd < 0)
			return;
		times[1] = st->st_mtim;
		if (fstat(wfd, &same) == 0 && same.st_ino == st->st_ino &&
			pg_pwrite(wfd, &now, sizeof(now), offsetof(MapHeader, checked)) == sizeof(now))
			(void) futimens(wfd, times);
		CloseTransientFile(wfd);
	}
}

/* map_crc: CRC-32C of weights; throws only for cancel */
static pg_crc32c
map_crc(const char *data, Size size)
{
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	while (size > 0)
	{
		Size		chunk = Min(size, MAP_CHUNK);

		CHECK_FOR_INTERRUPTS();
		COMP_CRC32C(crc, data, chunk);
		data += chunk;
		size -= chunk;
	}
	FIN_CRC32C(crc);
	return crc;
}

/*
 * st_map_write
 *		Writes the file of a key.  Returns false, having logged why once a
 *		backend, when that cannot be done.  Throws only for cancel, lack of
 *		memory and a damaged catalog.
 */
bool
st_map_write(const StMapKey *key, const void *data, Size size)
{
	char		path[MAXPGPATH];
	char		temporary[MAXPGPATH];
	char		header[MAP_HEADER_BYTES] = {0};
	MapHeader  *h = (MapHeader *) header;
	Size		total = MAP_HEADER_BYTES + size;
	Size		done = 0;
	int			fd;

	memcpy(h->magic, MAP_MAGIC, sizeof(h->magic));
	h->format = MAP_FORMAT;
	h->database = MyDatabaseId;
	h->value_id = key->value_id;
	h->size = size;
	h->crc = map_crc(data, size);
	memcpy(h->checksum, key->checksum, ST_CHECKSUM_BYTES);

	st_map_directory(true);
	map_collect_garbage();

	map_path(path, MyDatabaseId, key);
	snprintf(temporary, MAXPGPATH, "%s/%sbuild_%d", MAP_DIRECTORY, MAP_PREFIX, MyProcPid);
	fd = OpenTransientFile(temporary, O_RDWR | O_CREAT | O_TRUNC | PG_BINARY);
	if (fd < 0)
	{
		map_complain(temporary);
		return false;
	}

	/*
	 * Header and weights in one call: file systems that keep files in large
	 * pieces then begin one with the file, which a reader maps at once.
	 */
	errno = 0;
	while (done < total)
	{
		Size		head = done < MAP_HEADER_BYTES ? MAP_HEADER_BYTES - done : 0;
		Size		from = done + head - MAP_HEADER_BYTES;
		struct iovec parts[2] = {
			{header + MAP_HEADER_BYTES - head, head},
			{unconstify(char *, (const char *) data + from), Min(size - from, MAP_CHUNK)}
		};
		ssize_t		written;

		CHECK_FOR_INTERRUPTS();
		written = pg_pwritev(fd, parts, 2, done);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			goto failed;
		done += written;
	}
	if (pg_fsync(fd) != 0)
		goto failed;
	CloseTransientFile(fd);

	if (rename(temporary, path) < 0)
	{
		map_complain(path);
		(void) unlink(temporary);
		return false;
	}
	return true;

failed:
	/* a short write means a full disk, whatever errno says */
	if (errno == 0)
		errno = ENOSPC;
	map_complain(temporary);
	CloseTransientFile(fd);
	(void) unlink(temporary);
	return false;
}

/* map_complain: logs, once a backend, that a file could not be written (errno) */
static void
map_complain(const char *what)
{
	if (complained)
		return;
	complained = true;
	ereport(LOG,
			(errcode_for_file_access(),
			 errmsg("could not write the mapping of a model, file \"%s\": %m", what),
			 errdetail("This session keeps the weights in its own memory.")));
}

/*
 * map_collect_garbage
 *		Removes files that no longer serve anyone (see the top).  Needs a
 *		transaction; throws only for cancel, lack of memory and a damaged
 *		catalog.
 */
static void
map_collect_garbage(void)
{
	List	   *in_use = st_store_files_in_use();
	DIR		   *dir = AllocateDir(MAP_DIRECTORY);
	struct dirent *entry;
	char		path[MAXPGPATH * 2];

	if (dir == NULL)
		return;
	while ((entry = ReadDirExtended(dir, MAP_DIRECTORY, LOG)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		snprintf(path, sizeof(path), "%s/%s", MAP_DIRECTORY, entry->d_name);
		if (map_is_garbage(entry->d_name, in_use) || st_progress_is_stale(entry->d_name) ||
			st_shipped_is_stale(entry->d_name))
			(void) unlink(path);
	}
	FreeDir(dir);
	list_free_deep(in_use);
}

/* map_is_garbage: whether a file of the directory can go; in_use: StMapKey * */
static bool
map_is_garbage(const char *name, List *in_use)
{
	char		path[MAXPGPATH];
	char		digits[17];
	struct stat st;
	Oid			database;
	Oid			value_id;
	ListCell   *cell;
	int			pid;
	int			end = 0;

	if (sscanf(name, MAP_PREFIX "build_%d%n", &pid, &end) == 1 && name[end] == '\0')
		return pid == MyProcPid || BackendPidGetProc(pid) == NULL;

	if (sscanf(name, MAP_PREFIX "%u_%u_%16[0-9a-f].map%n", &database, &value_id, digits, &end) != 3 ||
		end == 0 || name[end] != '\0')
		return false;

	if (database == MyDatabaseId)
	{
		foreach(cell, in_use)
		{
			map_path(path, MyDatabaseId, lfirst(cell));
			if (strcmp(path + strlen(MAP_DIRECTORY) + 1, name) == 0)
				return false;
		}
		return true;
	}

	if (!SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(database)))
		return true;

	snprintf(path, sizeof(path), "%s/%s", MAP_DIRECTORY, name);
	return stat(path, &st) == 0 && st.st_atime < time(NULL) - MAP_UNUSED_SECONDS;
}

/*
 * st_map_forget_at_commit
 *		Has the file of a key removed when the transaction commits.
 *
 * A DELETE that a savepoint takes back costs a file that is built again.
 */
void
st_map_forget_at_commit(const StMapKey *key)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	StMapKey   *copy = palloc(sizeof(StMapKey));

	*copy = *key;
	forget_keys = lappend(forget_keys, copy);
	MemoryContextSwitchTo(old);
}

/* st_map_forget_all_at_commit: the same for all files of this database */
void
st_map_forget_all_at_commit(void)
{
	forget_all = true;
}

/* map_xact: removes at commit what was to be forgotten; must not throw */
static void
map_xact(XactEvent event, void *arg)
{
	ListCell   *cell;
	char		path[MAXPGPATH];

	switch (event)
	{
		case XACT_EVENT_COMMIT:
			if (forget_all)
				map_remove_all();
			foreach(cell, forget_keys)
			{
				map_path(path, MyDatabaseId, lfirst(cell));
				(void) unlink(path);
			}
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			break;
		default:
			return;				/* not the end yet, or a parallel worker's */
	}

	/* the list goes with TopTransactionContext */
	forget_keys = NIL;
	forget_all = false;
}

/* map_remove_all: removes all files of this database; must not throw */
static void
map_remove_all(void)
{
	DIR		   *dir = opendir(MAP_DIRECTORY);
	struct dirent *entry;
	char		prefix[64];
	char		path[MAXPGPATH * 2];

	if (dir == NULL)
		return;
	snprintf(prefix, sizeof(prefix), MAP_PREFIX "%u_", MyDatabaseId);
	while ((entry = readdir(dir)) != NULL)
	{
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", MAP_DIRECTORY, entry->d_name);
		(void) unlink(path);
	}
	closedir(dir);
}
