# SPDX-License-Identifier: GPL-2.0-only
"""What all of the others need."""
import math
import sys

PARTS = (50, 80, 90, 99)


def fail(message, status=1):
    print("heat: " + message, file=sys.stderr)
    sys.exit(status)


def size_text(n):
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if n < 1024 or unit == "GiB":
            return "%.4g %s" % (n, unit)
        n /= 1024
    return ""


def percent(x):
    return "-" if math.isnan(x) else "%.2f" % (100 * x)


def open_out(path):
    if path == "-":
        return open(1, "w", encoding="utf-8", closefd=False)
    try:
        return open(path, "w", encoding="utf-8")
    except OSError as e:
        return fail("%s: %s" % (path, e.strerror))
