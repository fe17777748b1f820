# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""A clock for limits and deadlines that setting the server's time does not disturb, and times as text."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import time


def seconds_up():
    """Seconds since the server was started, the same for all its processes.

    Python 2.7 has no ``time.monotonic``. The file has steps of 10 ms (proc(5), /proc/uptime).
    """
    try:
        with open('/proc/uptime', 'rb') as uptime:
            return float(uptime.read().split()[0])
    except (OSError, IOError, ValueError, IndexError):
        return time.monotonic() if hasattr(time, 'monotonic') else time.time()


def format_utc(moment):
    """Return a time as ISO 8601 text in UTC, such as ``2026-11-23T10:00:00Z``.

    :param moment: seconds since 1970, or None
    :returns: text, None for None
    """
    return None if moment is None else time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(moment))


def now_text():
    """Return the time now as ``format_utc`` writes it."""
    return format_utc(time.time())
