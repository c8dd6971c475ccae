/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy_restore.h - what a log of changes holds is put back.
 */
#ifndef TIER_CMD_POLICY_RESTORE_H
#define TIER_CMD_POLICY_RESTORE_H

/*
 * Puts back what the log holds (undo.h), and says so: record "restore" and a
 * line of text. Nothing when it is empty. 0, or the first failure.
 */
int restore_log(const char *log);

#endif
