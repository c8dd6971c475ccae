#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# SQLite in a guest: a table of 100000 rows in memory, of which some are looked up
# far more often than others: row u^4 of 1, u without any preference, its place in
# the table as good as any.  For experiments/lookups.exp; with LOOKUPS and FAR set,
# so many of them, after the table has moved to CXL memory: experiments/judges.exp.

# Large pages would hold a row in a hundred that is hot, each of them
echo never >/sys/kernel/mm/transparent_hugepage/enabled
# What it starts by .shell has it for a parent
exec sqlite3 :memory: <<END
pragma cache_size = -300000;
create table t (id integer primary key, text blob);
with recursive n (i) as (select 0 union all select i + 1 from n where i < 99999)
insert into t select i, zeroblob(900) from n;
${FAR:+.shell migratepages \$PPID 0 1 || kill \$PPID}
.timer on
with recursive
	n (i) as (select 0 union all select i + 1 from n where i < $((${LOOKUPS:-800000} - 1))),
	u (x) as (select i * 48271 % 99991 from n),
	v (x) as (select x * x / 100000 from u)
select 'looked up', sum(length(text)) from v
	join t on id = (x * x / 100000) * 7919 % 100000;
END
