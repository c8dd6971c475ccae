# SPDX-License-Identifier: GPL-2.0-only
"""python.py PACKAGE ARGUMENTS...: runs a package of this folder.

In place of python3 -m, which looks for modules in the working directory first:
somebody's json.py there would be run.  (-P is of Python 3.11.)
"""
import runpy
import sys

runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
