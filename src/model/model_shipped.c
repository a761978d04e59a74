/*-------------------------------------------------------------------------
 *
 * model_shipped.c
 *		Weights that came with the extension: files of its directory, mapped
 *		read-only where they lie.
 *
 * A file is a header and the weights as triage.model would hold them.  It
 * belongs to the installation as the library does, may belong to another user
 * and is never written here.  What triage.model says of it is a listing (see
 * model_sql_shipped.c): the labels and the weights are those of the file, so
 * that a newer file, which comes with a newer library, serves before the
 * listing was brought up to date.
 *
 * Whether a file is as it was made is told by the SHA-256 in its header, which
 * takes milliseconds.  So the first process that opens it since the server
 * started notes what it saw (inode, size, times) in a small file beside the
 * mappings of model_map.c, and the others compare with that.  When the note
 * cannot be written everybody looks for themselves.  A file that is replaced
 * has another inode: who mapped the old one goes on with it until it looks
 * again (st_shipped_is).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "port/pg_crc32c.h"
#include "storage/fd.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "model/model_file.h"
#include "model/model_inner.h"

#define SHIPPED_MAGIC	"STSHIP\n"
#define SHIPPED_FORMAT	1

/* The weights begin behind it: a multiple of 64 for vector loads */
typedef struct ShippedHeader
{
	char		magic[8];
	uint32		format;
	uint32		unused;
	uint64		size;			/* of the weights */
	uint8		checksum[ST_CHECKSUM_BYTES];	/* SHA-256 of the weights */
	uint64		unused2;
} ShippedHeader;

StaticAssertDecl(sizeof(ShippedHeader) == 64, "header of a shipped model has holes");

#define NOTE_PREFIX		"pgsql_tmp_shipped_"
#define NOTE_MAGIC		0x4E4F5445

/* That a file was found intact */
typedef struct ShippedNote
{
	uint32		magic;
	pg_crc32c	crc;			/* of all behind it */
	TimestampTz server_start;
	StFileMark	mark;
	int64		modified_seconds;
	int64		modified_nanoseconds;
	uint8		checksum[ST_CHECKSUM_BYTES];
} ShippedNote;

static char *shipped_path(const char *file);
static void shipped_mark(const struct stat *st, StFileMark *mark);
static const char *shipped_problem(const ShippedHeader *header, Size size);
static bool shipped_is_intact(const char *file, const ShippedHeader *header, const struct stat *st);
static pg_crc32c note_crc(const ShippedNote *note);
static bool note_read(const char *path, ShippedNote *note);
static void note_write(const char *path, const ShippedNote *note);
static void shipped_log_unicode(const char *file, const ShippedHeader *header);

/*
 * st_shipped_directory
 *		Returns the directory that holds the extension's files, palloc'd: that
 *		of its control file.
 */
char *
st_shipped_directory(void)
{
	const char *list = GetConfigOption("extension_control_path", true, false);
	char		share[MAXPGPATH];
	char	   *standard;

	get_share_path(my_exec_path, share);
	standard = psprintf("%s/extension", share);

	/* from PostgreSQL 18 on; $system stands for the standard directory itself */
	while (list != NULL && *list != '\0')
	{
		const char *end = first_path_var_separator(list);
		char	   *piece = end == NULL ? pstrdup(list) : pnstrdup(list, end - list);
		char	   *directory;

		list = end == NULL ? NULL : end + 1;
		if (strncmp(piece, "$system", 7) == 0)
			directory = psprintf("%s%s", standard, piece + 7);
		else
			directory = psprintf("%s/extension", piece);
		canonicalize_path(directory);
		if (access(psprintf("%s/support_triage.control", directory), F_OK) == 0)
			return directory;
	}
	return standard;
}

/* shipped_path: where a shipped file is, palloc'd */
static char *
shipped_path(const char *file)
{
	return psprintf("%s/%s", st_shipped_directory(), file);
}

/* shipped_mark: what tells a file from another one */
static void
shipped_mark(const struct stat *st, StFileMark *mark)
{
	memset(mark, 0, sizeof(*mark));
	mark->device = st->st_dev;
	mark->inode = st->st_ino;
	mark->size = st->st_size;
	mark->changed_seconds = st->st_ctim.tv_sec;
	mark->changed_nanoseconds = st->st_ctim.tv_nsec;
}

/*
 * st_shipped_open
 *		Returns the weights of a shipped file, their size and checksum, and the
 *		file's mark; or NULL and *why (palloc'd), *missing when there is no such
 *		file.  They stay mapped as long as CurrentMemoryContext lives.  Throws
 *		only for cancel and lack of memory.
 */
const void *
st_shipped_open(const char *file, Size *size, uint8 *checksum, StFileMark *mark,
				bool *missing, char **why)
{
	const char *problem = NULL;
	char	   *path;
	StMapping  *mapping = NULL;
	struct stat st;
	int			fd;

	*missing = false;
	if (first_dir_separator(file) != NULL)
	{
		*why = psprintf("\"%s\" is not the name of a file in the directory of extensions", file);
		return NULL;
	}

	path = shipped_path(file);
	fd = OpenTransientFile(path, O_RDONLY | PG_BINARY);
	if (fd < 0)
	{
		*missing = errno == ENOENT;
		*why = *missing ?
			psprintf("file \"%s\" is missing", path) :
			psprintf("could not open file \"%s\": %s", path, strerror(errno));
		return NULL;
	}

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		problem = "is not a regular file";
	else if (st.st_size <= sizeof(ShippedHeader))
		problem = "is damaged: it is too short";
	else if ((mapping = st_map_file(fd, st.st_size)) == NULL)
		problem = "cannot be mapped into memory";
	CloseTransientFile(fd);

	if (problem == NULL)
		problem = shipped_problem(mapping->base, st.st_size);
	if (problem == NULL && !shipped_is_intact(file, mapping->base, &st))
		problem = "is damaged: it does not match its checksum";
	if (problem != NULL)
	{
		*why = psprintf("file \"%s\" %s", path, problem);
		if (mapping != NULL)
			st_unmap(mapping);
		return NULL;
	}

	*size = st.st_size - sizeof(ShippedHeader);
	memcpy(checksum, ((ShippedHeader *) mapping->base)->checksum, ST_CHECKSUM_BYTES);
	shipped_mark(&st, mark);
	pfree(path);
	return (const char *) mapping->base + sizeof(ShippedHeader);
}

/* shipped_problem: what is wrong with a header; NULL: nothing */
static const char *
shipped_problem(const ShippedHeader *header, Size size)
{
	if (memcmp(header->magic, SHIPPED_MAGIC, sizeof(header->magic)) != 0)
		return "is damaged: it is no model of support_triage";
	if (header->format == pg_bswap32(SHIPPED_FORMAT))
		return "was made for processors of another byte order";
	if (header->format != SHIPPED_FORMAT)
		return "is of another release of support_triage";
	if (header->size != size - sizeof(ShippedHeader))
		return "is damaged: it is not as long as it says";
	return NULL;
}

/*
 * shipped_is_intact
 *		Whether the weights match their checksum, by the note of who looked
 *		before, or else by looking.
 */
static bool
shipped_is_intact(const char *file, const ShippedHeader *header, const struct stat *st)
{
	char		path[MAXPGPATH];
	uint8		checksum[ST_CHECKSUM_BYTES];
	ShippedNote now;
	ShippedNote noted;

	memset(&now, 0, sizeof(now));
	now.magic = NOTE_MAGIC;
	now.server_start = PgStartTime;
	shipped_mark(st, &now.mark);
	now.modified_seconds = st->st_mtim.tv_sec;
	now.modified_nanoseconds = st->st_mtim.tv_nsec;
	memcpy(now.checksum, header->checksum, ST_CHECKSUM_BYTES);
	now.crc = note_crc(&now);

	snprintf(path, sizeof(path), "%s/%s%s", st_map_directory(false), NOTE_PREFIX, file);
	if (note_read(path, &noted) && memcmp(&noted, &now, sizeof(now)) == 0)
		return true;

	st_checksum(header + 1, header->size, checksum);
	if (memcmp(checksum, header->checksum, ST_CHECKSUM_BYTES) != 0)
		return false;
	note_write(path, &now);
	shipped_log_unicode(file, header);
	return true;
}

/* note_crc: of what a note says */
static pg_crc32c
note_crc(const ShippedNote *note)
{
	Size		start = offsetof(ShippedNote, server_start);
	pg_crc32c	crc;

	INIT_CRC32C(crc);
	COMP_CRC32C(crc, (const char *) note + start, sizeof(ShippedNote) - start);
	FIN_CRC32C(crc);
	return crc;
}

/* note_read: reads a note; false when there is none, or half of one */
static bool
note_read(const char *path, ShippedNote *note)
{
	int			fd = OpenTransientFile(path, O_RDONLY | PG_BINARY);
	ssize_t		length;

	if (fd < 0)
		return false;
	length = read(fd, note, sizeof(ShippedNote));
	CloseTransientFile(fd);
	return length == sizeof(ShippedNote) && note->magic == NOTE_MAGIC &&
		EQ_CRC32C(note->crc, note_crc(note));
}

/* note_write: writes a note in one go; without it others look for themselves */
static void
note_write(const char *path, const ShippedNote *note)
{
	int			fd;

	st_map_directory(true);
	fd = OpenTransientFile(path, O_WRONLY | O_CREAT | PG_BINARY);
	if (fd < 0)
		return;
	if (write(fd, note, sizeof(ShippedNote)) != sizeof(ShippedNote))
		(void) unlink(path);
	CloseTransientFile(fd);
}

/*
 * shipped_log_unicode
 *		Says in the server's log, once a start, that a file was made with other
 *		Unicode.  Clients are not told as they are of their own models: who
 *		installed the extension cannot train this one again.
 */
static void
shipped_log_unicode(const char *file, const ShippedHeader *header)
{
	const char *why;
	StWeights  *weights = st_weights_open(header + 1, header->size, &why);

	if (weights == NULL)
		return;					/* the caller says so */
	if (strcmp(st_weights_unicode(weights), st_unicode_now()) != 0)
		ereport(LOG,
				(errmsg("shipped model \"%s\" was trained with %s, this server has %s",
						file, st_weights_unicode(weights), st_unicode_now()),
				 errdetail("Rare characters may be read differently.")));
}

/*
 * st_shipped_is
 *		Whether the file of that name still is the one that was opened.
 */
bool
st_shipped_is(const char *file, const StFileMark *mark)
{
	char	   *path = shipped_path(file);
	struct stat st;
	StFileMark	now;

	if (stat(path, &st) < 0)
		return false;
	shipped_mark(&st, &now);
	return memcmp(&now, mark, sizeof(now)) == 0;
}

/*
 * st_shipped_is_stale
 *		Whether a file of the mappings' directory is a note of an earlier start.
 */
bool
st_shipped_is_stale(const char *name)
{
	char		path[MAXPGPATH * 2];
	ShippedNote note;

	if (strncmp(name, NOTE_PREFIX, strlen(NOTE_PREFIX)) != 0)
		return false;
	snprintf(path, sizeof(path), "%s/%s", st_map_directory(false), name);
	return !note_read(path, &note) || note.server_start != PgStartTime;
}

/*
 * st_shipped_make
 *		Returns what a file with these weights holds, palloc'd.
 */
bytea *
st_shipped_make(const bytea *weights)
{
	Size		size = VARSIZE_ANY_EXHDR(weights);
	ShippedHeader header = {.magic = SHIPPED_MAGIC,.format = SHIPPED_FORMAT,.size = size};
	bytea	   *result;

	if (size > MaxAllocSize - VARHDRSZ - sizeof(header))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the weights of the model are larger than 1 GB")));
	st_checksum(VARDATA_ANY(weights), size, header.checksum);
	result = palloc(VARHDRSZ + sizeof(header) + size);
	SET_VARSIZE(result, VARHDRSZ + sizeof(header) + size);
	memcpy(VARDATA(result), &header, sizeof(header));
	memcpy(VARDATA(result) + sizeof(header), VARDATA_ANY(weights), size);
	return result;
}
