# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Parse the list of certificates that the internal CA issued (``cpca_client lscert``). Pure functions.

After a header of three lines, per certificate: ``Subject = ...``, then ``Status = ...   Kind = ...   Serial = ...   DP = ...``, then ``Not_Before: ...
Not_After: ...``, an empty line, and sometimes a line that starts with ``Comment``. Dates are as ctime prints them, in a time zone that is not
given: they can be compared only with each other.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import re

_MONTHS = ('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec')
_DATE = r'\w{3}\s+(\w{3})\s+(\d{1,2})\s+(\d{2}):(\d{2}):(\d{2})\s+(\d{4})'
# For lines without white space around them. A serial number has at most 20 bytes (RFC 5280, 4.1.2.2).
_SUBJECT = re.compile(r'Subject\s*=\s*(\S.*)\Z')
_FIELDS = re.compile(r'Status\s*=\s*(\w+)\s+Kind\s*=\s*(\w+)\s+Serial\s*=\s*([0-9]{1,50})\s+DP\s*=\s*([0-9]{1,50})\Z')
_DATES = re.compile(r'Not_Before:\s*%s\s+Not_After:\s*%s\Z' % (_DATE, _DATE))


def parse_issued(text):
    """Parse the certificates in a list; skip incomplete records.

    :returns: list of dictionaries: ``subject``, ``status``, ``kind``, ``serial`` (number), ``dp``, and ``not_before`` and ``not_after`` (tuples of
        numbers from year to second)
    """
    issued, entry = [], {}
    for line in (line.strip() for line in text.splitlines()):
        subject, fields, dates = _SUBJECT.match(line), _FIELDS.match(line), _DATES.match(line)
        if subject:
            entry = {'subject': subject.group(1)}
        elif fields and entry:
            entry.update(status=fields.group(1), kind=fields.group(2), serial=int(fields.group(3)), dp=int(fields.group(4)))
        elif dates and 'serial' in entry:
            entry['not_before'], entry['not_after'] = _moment(dates.groups()[:6]), _moment(dates.groups()[6:])
            if entry['not_before'] and entry['not_after']:
                issued.append(entry)
            entry = {}
    return issued


def _moment(parts):
    month, day, hour, minute, second, year = parts
    if month not in _MONTHS:
        return None
    return tuple([int(year), _MONTHS.index(month) + 1] + [int(number) for number in (day, hour, minute, second)])


def is_newest(serial, issued):
    """Return whether no certificate in the list was issued after the one with this serial number; None if it is not in the list.

    :param serial: hexadecimal text, as in the certificate
    :param issued: from ``parse_issued``
    """
    number = int(serial, 16)
    own = [entry for entry in issued if entry['serial'] == number]
    return max(entry['not_before'] for entry in issued) <= own[0]['not_before'] if own else None
