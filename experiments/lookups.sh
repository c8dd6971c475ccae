#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# SQLite in a guest: a table of 100000 rows in memory, of which some are looked up
# far more often than others: row u^4 of 1, u without any preference, its place in
# the table as good as any.  For experiments/lookups.exp.

# Large pages would hold a row in a hundred that is hot, each of them
echo never >/sys/kernel/mm/transparent_hugepage/enabled
exec sqlite3 :memory: <<'END'
pragma cache_size = -300000;
create table t (id integer primary key, text blob);
with recursive n (i) as (select 0 union all select i + 1 from n where i < 99999)
insert into t select i, zeroblob(900) from n;
.timer on
with recursive
	n (i) as (select 0 union all select i + 1 from n where i < 799999),
	u (x) as (select i * 48271 % 99991 from n),
	v (x) as (select x * x / 100000 from u)
select 'looked up', sum(length(text)) from v
	join t on id = (x * x / 100000) * 7919 % 100000;
END
