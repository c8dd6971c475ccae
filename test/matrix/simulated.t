#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What experiments call different where nothing is, and what they tell where
# something is: of four times as many as test/host/expt.t has (test/expt).
# timeout: 900

cd "$(dirname "$0")/../.." || exit 1
TIMES=4 exec python3 test/expt/run.py test_simulated
