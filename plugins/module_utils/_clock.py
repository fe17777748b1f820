# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""A clock for limits and deadlines: setting the time of the server, as NTP does, neither shortens nor lengthens them."""

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
