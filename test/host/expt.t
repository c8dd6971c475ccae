#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The unit tests of experiments and reports (test/expt), and the lines they run.
# long: 40
# timeout: 480

cd "$(dirname "$0")/../.." || exit 1
exec python3 test/expt/run.py
