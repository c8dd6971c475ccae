// SPDX-License-Identifier: GPL-2.0-only
/*
 * error.c - the one error message.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/error.h"

/*
 * One message a thread: workers of the benchmark fail side by side, and the
 * thread that reports copies what it needs. Long enough for two paths and
 * an explanation.
 */
static _Thread_local struct fail_state failure;

static int set_failure(enum status status, int errnum, const char *fmt,
		       va_list ap)
{
	char text[sizeof(failure.text)];

	/* The message before may be among the arguments. */
	vsnprintf(text, sizeof(text), fmt, ap);
	memcpy(failure.text, text, sizeof(text));
	failure.status = status;
	return errnum > 0 ? -errnum : -EIO;
}

/* In brackets, as error.h has macros of these names, for the analyzer. */
int(fail)(int errnum, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	errnum = set_failure(STATUS_FAILED, errnum, fmt, ap);
	va_end(ap);
	return errnum;
}

int(fail_as)(int status, const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = set_failure((enum status)status, ECANCELED, fmt, ap);
	va_end(ap);
	return err;
}

int(lacks)(int errnum, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	errnum = set_failure(STATUS_LACKS, errnum, fmt, ap);
	va_end(ap);
	return errnum;
}

int(misuse)(const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = set_failure(STATUS_USAGE, EINVAL, fmt, ap);
	va_end(ap);
	return err;
}

int fail_in(int err, const char *fmt, ...)
{
	char step[FAIL_STEP], rest[sizeof(failure.text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(step, sizeof(step), fmt, ap);
	va_end(ap);
	memcpy(rest, failure.text, sizeof(rest));
	/* A message that fills the buffer loses its tail, not its head. */
	snprintf(failure.text, sizeof(failure.text), "%s: %.800s", step, rest);
	return err;
}

void fail_save(struct fail_state *f)
{
	*f = failure;
}

void fail_restore(const struct fail_state *f)
{
	failure = *f;
}

void worst_keep(struct worst *f, int err, int rank)
{
	if (f->err && rank <= f->rank)
		return;
	f->err = err;
	f->rank = rank;
	f->status = fail_status();
	snprintf(f->text, sizeof(f->text), "%s", fail_message());
}

int worst_raise(const struct worst *f)
{
	if (f->status == STATUS_LACKS)
		return lacks(-f->err, "%s", f->text);
	if (f->status == STATUS_USAGE)
		return misuse("%s", f->text);
	return fail(-f->err, "%s", f->text);
}

const char *fail_message(void)
{
	return failure.text[0] ? failure.text : "no reason was given";
}

enum status fail_status(void)
{
	return failure.status ? failure.status : STATUS_FAILED;
}
