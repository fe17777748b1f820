# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The list of processes that Check Point's watchdog keeps (``cpwd_admin list``), and what it says about the services. Pure functions.

Layout, from the vendor's guides and pasted outputs: a header, then one row per process, ``APP [CTX] PID STAT #START START_TIME MON COMMAND``.
START_TIME is ``[HH:MM:SS] D/M/YYYY``. The column CTX is only there when it was switched on. STAT is E (executing) or T (terminated). MON tells
whether the watchdog checks the process; one that it does not check may end by itself, as HISTORYD does.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import re

_HEADER = re.compile(r'\s*APP\s+(?:CTX\s+)?PID\s+STAT\b')
_ROW = re.compile(
    r'\s*(?P<name>\S+)\s+(?:(?P<context>\S+)\s+)?(?P<pid>[0-9]{1,10})\s+(?P<status>[A-Z])\s+(?P<starts>[0-9]{1,10})'
    r'(?:\s+(?P<time>\[[^\]\s]*\])\s+(?P<date>[0-9][0-9/]*))?\s+(?P<monitored>[YN])(?:\s+(?P<command>\S.*))?\Z'
)
# A line with a number for the second or third word is meant as a row; anything else is talk.
_MEANT_AS_ROW = re.compile(r'\s*[\w.-]+\s+(?:\S+\s+)?[0-9]+(?:\s|$)')
# What the watchdog's client says when there is no watchdog to ask. The wording differs by release.
_NO_WATCHDOG = re.compile(
    r'cpwatchdog\W.*\b(?:not running|is down|stopped)'
    r'|\b(?:fail(?:ed|ure)?|unable|cannot|could not)\s+(?:to\s+)?(?:submit|send|connect|find|reach)\b.*\bcpwatchdog', re.IGNORECASE
)

# Looked for in this much of a line.
_LONGEST_REMARK = 500

EXECUTING = 'E'
# The Endpoint engine is what the clients talk to: where the watchdog has it, it must run, checked by the watchdog or not.
ESSENTIAL = ('EPM',)
# Every cpstop ends these and every cpstart starts them again.
RESTARTED = ('CPD', 'FWM')


class ListError(Exception):
    """The text is not a list of processes that can be read; the text of the error says why."""


def parse_list(text):
    """The processes in a list of the watchdog.

    :param text: what ``cpwd_admin list`` printed
    :returns: list of dictionaries: ``name``, ``pid`` (0 for none), ``status`` (E, T), ``starts`` (how often it was started), ``started_at``
        (the server's local time as printed, or None), ``monitored`` and ``command``; empty when the watchdog itself does not run
    :raises ListError: when the text is neither a list nor the remark that there is no watchdog, or one of its rows cannot be read
    """
    lines = text.splitlines()
    headers = [number for number, line in enumerate(lines) if _HEADER.match(line)]
    if not headers:
        if any(_NO_WATCHDOG.search(line[:_LONGEST_REMARK]) for line in lines):
            return []
        raise ListError('no line that starts with APP PID STAT')
    processes = []
    for line in lines[headers[0] + 1:]:
        match = _ROW.match(line.rstrip())
        if match:
            processes.append(_process(match))
        elif _MEANT_AS_ROW.match(line):
            raise ListError('a row that cannot be read: %s' % line.strip()[:200])
    return processes


def _process(match):
    started_at = '%s %s' % (match.group('time'), match.group('date')) if match.group('time') else None
    return {
        'name': match.group('name'),
        'pid': int(match.group('pid')),
        'status': match.group('status'),
        'starts': int(match.group('starts')),
        'started_at': started_at,
        'monitored': match.group('monitored') == 'Y',
        'command': match.group('command') or '',
    }


def executing(processes):
    """The names of the processes that run."""
    return [process['name'] for process in processes if process['status'] == EXECUTING]


def missing(processes):
    """The names of the processes that should run and do not."""
    return [
        process['name']
        for process in processes
        if process['status'] != EXECUTING and (process['monitored'] or process['name'] in ESSENTIAL)
    ]


def judge(processes, ports=()):
    """Whether the services are ``started``, ``stopped``, or neither: ``partial``.

    :param processes: from ``parse_list``
    :param ports: list of dictionaries with ``answers``: addresses that must answer in one case, and must not in the other
    """
    answers = [port['answers'] for port in ports]
    running = executing(processes)
    if not running and not any(answers):
        return 'stopped'
    if running and not missing(processes) and all(answers):
        return 'started'
    return 'partial'


def run_of(processes):
    """What tells the present run of the services from the next one: dictionary of name to process number."""
    return dict((entry['name'], entry['pid']) for entry in processes if entry['name'] in RESTARTED and entry['status'] == EXECUTING)


def is_same_run(before, processes):
    """Whether processes that every restart renews are still those of an earlier look.

    :param before: from ``run_of``
    :param processes: from ``parse_list``, now
    """
    now = run_of(processes)
    return any(before.get(name) == pid for name, pid in now.items())
