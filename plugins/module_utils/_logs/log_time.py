# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Parse times in log lines, as written by ``%t`` or ``%{...}t``, to seconds since 1970 in UTC."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import calendar
import re
import time

MONTHS = (b'Jan', b'Feb', b'Mar', b'Apr', b'May', b'Jun', b'Jul', b'Aug', b'Sep', b'Oct', b'Nov', b'Dec')
FULL_MONTHS = (b'January', b'February', b'March', b'April', b'May', b'June', b'July', b'August', b'September', b'October', b'November',
               b'December')

# mod_log_config.c, log_request_time: CLF is formatted by hand and always has this width.
DEFAULT_PATTERN = br'\[.{26}\]'
_DEFAULT_FORMAT = b'[%d/%b/%Y:%H:%M:%S %z]'

# Conversions that stand for several others in the C locale.
_SHORTHANDS = {
    b'T': b'%H:%M:%S', b'R': b'%H:%M', b'D': b'%m/%d/%y', b'F': b'%Y-%m-%d', b'h': b'%b', b'c': b'%a %b %e %H:%M:%S %Y', b'x': b'%m/%d/%y',
    b'X': b'%H:%M:%S', b'r': b'%I:%M:%S %p', b'n': b'\n', b't': b'\t', b'%': b'%%',
}
_TWO_DIGITS = br'[0-9]{2}'
_PADDED = br'[ 0-9][0-9]'
_CONVERSIONS = {
    b'Y': br'[0-9]{4}', b'y': _TWO_DIGITS, b'm': _TWO_DIGITS, b'd': _TWO_DIGITS, b'e': _PADDED, b'H': _TWO_DIGITS, b'k': _PADDED,
    b'I': _TWO_DIGITS, b'l': _PADDED, b'M': _TWO_DIGITS, b'S': br'[0-9]{2}', b'p': br'[AP]M', b'P': br'[ap]m', b'j': br'[0-9]{3}',
    b'b': b'(?:' + b'|'.join(MONTHS) + b')', b'B': b'(?:' + b'|'.join(FULL_MONTHS) + b')', b'z': br'[-+][0-9]{4}', b's': br'[0-9]{1,11}',
    b'a': br'[A-Z][a-z]{2}', b'A': br'[A-Z][a-z]{5,8}', b'Z': br'[A-Za-z0-9+-]{1,8}', b'u': br'[0-9]', b'w': br'[0-9]',
    b'U': _TWO_DIGITS, b'W': _TWO_DIGITS, b'V': _TWO_DIGITS, b'C': _TWO_DIGITS, b'G': br'[0-9]{4}', b'g': _TWO_DIGITS,
}
# Several names for the same time.
_SAME = {b'e': b'd', b'k': b'H', b'l': b'I', b'P': b'p', b'B': b'b'}
_UNITS = {b'sec': 1, b'msec': 1000, b'usec': 1000000}
_FRACTIONS = {b'msec_frac': br'[0-9]{3}', b'usec_frac': br'[0-9]{6}'}
# Conversions whose output contains slashes.
DATE_WITH_SLASHES = re.compile(br'%%|%[EO_0^#-]?[Dx]')
_SPECIFIER = re.compile(br'%[EO_0^#-]?(.)|%', re.DOTALL)

_ISO = re.compile(r'([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.][0-9]+)?)?)?(Z|z|[-+][0-9]{2}:?[0-9]{2})?\Z')

_SECONDS = dict((('%02d' % second).encode('ascii'), second) for second in range(61))
_REMEMBERED = 4096
# 9999-12-31T23:59:59Z: later times are garbage, and cannot be displayed.
_LAST = 253402300799


class TimeField(object):
    """A time field of a log format.

    :ivar pattern: regular expression for the output of the field, None if it cannot be determined
    :ivar readable: whether it determines a time: a date and at least hours and minutes
    :ivar vague: by how many seconds a time may be off: local time without a zone is ambiguous when daylight saving time ends
    """

    def __init__(self, argument):
        self._known = {}
        self._unit = None
        self.vague = 0
        self._plain = not argument
        text = argument[argument.find(b':') + 1:] if argument.startswith((b'begin:', b'end:')) else argument
        if text in _UNITS:
            self._unit = _UNITS[text]
            self.pattern, self.readable = br'[0-9]{1,20}', True
        elif text in _FRACTIONS:
            self.pattern, self.readable = _FRACTIONS[text], False
        elif text:
            self._compile(text)
        else:
            self._compile(_DEFAULT_FORMAT)
            self.pattern = DEFAULT_PATTERN

    def _compile(self, text):
        pieces, plain, names, position = [], [], set(), 0
        text = _SPECIFIER.sub(lambda match: _SHORTHANDS.get(match.group(1), match.group(0)), text)
        for match in _SPECIFIER.finditer(text):
            letter = match.group(1)
            body = b'%' if letter == b'%' else _CONVERSIONS.get(letter)
            if body is None:
                self.pattern, self.readable = None, False
                return
            literal = re.escape(text[position:match.start()])
            position = match.end()
            plain.append(literal + body)
            name = _SAME.get(letter, letter)
            if letter != b'%' and name not in names:
                names.add(name)
                body = b'(?P<' + name + b'>' + body + b')'
            pieces.append(literal + body)
        rest = re.escape(text[position:])
        self.pattern = b''.join(plain) + rest
        self._fields = re.compile(b''.join(pieces) + rest + br'\Z')
        day = b'j' in names or (b'd' in names and (b'm' in names or b'b' in names))
        self.vague = 0 if b'z' in names or b's' in names else 3600
        hour = b'H' in names or (b'I' in names and b'p' in names)
        self.readable = b's' in names or bool((b'Y' in names or b'y' in names) and day and hour and b'M' in names)

    def read(self, text):
        """Return seconds since 1970 in UTC, None if the text is not such a time.

        :param text: the output of the field, as bytes
        """
        second = _SECONDS.get(text[19:21]) if self._plain else None
        if second is not None:
            # Cache the minute, because a busy log has many lines in each.
            minute = text[:19] + b'00' + text[21:]
            moment = self._known[minute] if minute in self._known else self._remember(minute)
            return None if moment is None else moment + second
        return self._known[text] if text in self._known else self._remember(text)

    def _remember(self, text):
        if text not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[text] = self._read(text)
        return self._known[text]

    def _read(self, text):
        if not self.readable:
            return None
        if self._unit is not None:
            moment = int(text) // self._unit if text.isdigit() else _LAST + 1
            return moment if moment <= _LAST else None
        match = self._fields.match(text)
        if match is None:
            return None
        try:
            return _moment(match.groupdict())
        except (ValueError, OverflowError):
            return None


def _moment(fields):
    """Convert the fields of a time to seconds; without a zone they are the local time of this machine, which is the server."""
    if 's' in fields:
        return int(fields['s'])
    year = int(fields['Y']) if 'Y' in fields else _full_year(int(fields['y']))
    if 'j' in fields:
        first = _checked(year, 1, 1, 0, 0, 0) + (int(fields['j']) - 1) * 86400
        month, day = time.gmtime(first)[1:3]
    else:
        month = int(fields['m']) if 'm' in fields else 1 + MONTHS.index(bytes(fields['b'])[:3])
        day = int(fields['d'])
    hour = int(fields['H']) if 'H' in fields else int(fields['I']) % 12 + (12 if bytes(fields['p']).upper() == b'PM' else 0)
    moment = _checked(year, month, day, hour, int(fields['M']), int(fields.get('S', 0)))
    if 'z' in fields:
        return moment - _offset(fields['z'].decode('ascii'))
    if bytes(fields.get('Z', b'')) in (b'UTC', b'GMT'):
        return moment
    return int(time.mktime((year, month, day, hour, int(fields['M']), int(fields.get('S', 0)), 0, 0, -1)))


def _full_year(short):
    """Return the full year for two digits: 69 to 99 belong to the last century (POSIX)."""
    return short + (1900 if short >= 69 else 2000)


def _checked(year, month, day, hour, minute, second):
    """Return a time in UTC as seconds since 1970. The second may be a leap second.

    :raises ValueError: if there is no such time
    """
    if not (1970 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        raise ValueError('there is no such day')
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError('there is no such time of day')
    return calendar.timegm((year, month, day, hour, minute, second))


def _offset(zone):
    """Parse ``+0200``, ``+02:00`` or ``Z``, and return seconds east of UTC."""
    if zone in ('Z', 'z'):
        return 0
    digits = zone[1:].replace(':', '')
    return (int(digits[:2]) * 3600 + int(digits[2:]) * 60) * (-1 if zone[0] == '-' else 1)


def parse_iso(text):
    """Parse ISO 8601 text such as ``2026-11-23T10:00:00Z`` to seconds since 1970; UTC if it has no zone.

    :raises ValueError: if the text is not such a time
    """
    match = _ISO.match(text.strip())
    if match is None:
        raise ValueError('%r is not a time such as 2026-11-23T10:00:00Z' % text)
    year, month, day, hour, minute, second = [int(value or 0) for value in match.groups()[:6]]
    return _checked(year, month, day, hour, minute, second) - _offset(match.group(7) or 'Z')
