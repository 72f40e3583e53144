/* What otterd does with a data directory that it does not serve, told on standard output. */
#ifndef OTTER_SERVER_RESTORE_H
#define OTTER_SERVER_RESTORE_H

/* otterd --check-database: exit status 0 sound, 4 damaged (each finding is a line), 2 not readable, 5 newer.
 */
int check_database(const char *data_dir);

/* otterd --restore: 0 done, 2 not possible, 4 the backup is damaged, 5 made by a newer otterd. */
int restore_backup(const char *backup_dir, const char *data_dir);

#endif
