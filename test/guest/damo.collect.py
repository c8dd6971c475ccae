# SPDX-License-Identifier: GPL-2.0-only
#
# damo.collect.py DAMO TO: what Python loads for damo, compiled, without its
# sources: lib/pythonX.Y (and damo's own in share).  Compiling is what takes
# the time in an emulator.  Hashes in place of times, as times do not survive
# the packing.

import os
import py_compile
import runpy
import shutil
import sys

damo, to = sys.argv[1:]
library = os.path.dirname(os.__file__)
name = "lib/" + os.path.basename(library)


def put(path, under, base):
    out = os.path.join(to, under, os.path.relpath(path, base))
    os.makedirs(os.path.dirname(out), exist_ok=True)
    if path.endswith(".py"):
        py_compile.compile(path, out + "c", dfile=path, doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    else:
        shutil.copy(path, out)


# Those asked for by name when they are needed
import encodings.ascii
import encodings.latin_1
import traceback

for file in sorted(os.listdir(damo)):
    if file.endswith(".py"):
        put(os.path.join(damo, file), "share", damo)
sys.path.insert(0, damo)
sys.argv = ["damo", "--help"]
stdout, sys.stdout = sys.stdout, open(os.devnull, "w")
try:
    runpy.run_path(os.path.join(damo, "damo.py"), run_name="__main__")
except SystemExit:
    pass
sys.stdout = stdout
for file in sorted({getattr(m, "__file__", None) or ""
                    for m in list(sys.modules.values())}):
    if file.startswith(library + os.sep):
        put(file, name, library)
