# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""A clock for limits and deadlines that setting the server's time does not disturb, and times as text."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import time

_UPTIME = '/proc/uptime'
_TRIES = 3
# The last time that was read, with what the kernel's count of ticks said at that moment.
_LAST = [None]


def seconds_up():
    """Return the seconds since the server was started, the same for all its processes.

    Python 2.7 has no ``time.monotonic``. The file has steps of 10 ms (proc(5), /proc/uptime). Where it cannot be read for a moment, the count goes on
    from the last value: a jump to another clock would end every time limit at once.
    """
    for _try in range(_TRIES):
        value = _read_uptime()
        if value is not None:
            _LAST[0] = (value, _ticks())
            return value
    if _LAST[0] is None:
        return _ticks()
    value, ticks = _LAST[0]
    return value + max(0.0, _ticks() - ticks)


def _read_uptime():
    try:
        with open(_UPTIME, 'rb') as uptime:
            return float(uptime.read().split()[0])
    except (OSError, IOError, ValueError, IndexError):
        return None


def _ticks():
    """Return seconds from times(2), which nobody can set either."""
    return os.times()[4]


def format_utc(moment):
    """Return a time as ISO 8601 text in UTC, such as ``2026-11-23T10:00:00Z``.

    :param moment: seconds since 1970, or None
    :returns: text, None for None
    """
    return None if moment is None else time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(moment))


def now_text():
    """Return the time now as ``format_utc`` writes it."""
    return format_utc(time.time())
