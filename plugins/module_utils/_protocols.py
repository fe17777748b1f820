# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The names of the SSL and TLS versions, and their order."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

# Oldest first; every list of protocols in this collection is sorted in this order.
PROTOCOLS = ('SSLv2', 'SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3')


def sort_protocols(protocols):
    """Return the protocols as a list, oldest first."""
    # Of an iterator, `in` would lose what it has passed.
    wanted = frozenset(protocols)
    return [name for name in PROTOCOLS if name in wanted]
