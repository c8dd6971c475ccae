#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# SQLite in a guest: a table of 100 MB in memory, which lies on CXL memory when
# 20000 of its 100000 rows begin to be looked up, again and again.  For
# experiments/sqlite.exp.

# What it starts by .shell has it for a parent
exec sqlite3 :memory: <<'END'
pragma cache_size = -300000;
create table t (id integer primary key, text blob);
with recursive n (i) as (select 0 union all select i + 1 from n where i < 99999)
insert into t select i, zeroblob(900) from n;
.shell migratepages $PPID 0 1
.timer on
with recursive n (i) as (select 0 union all select i + 1 from n where i < 199999)
select 'warm-up', sum(length(text)) from n join t on id = i * 7919 % 20000;
with recursive n (i) as (select 0 union all select i + 1 from n where i < 399999)
select 'measured', sum(length(text)) from n join t on id = i * 7919 % 20000;
END
