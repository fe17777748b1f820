# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Parse and judge the list of processes that Check Point's watchdog keeps (``cpwd_admin list``). Pure functions.

Layout, from the vendor's guides and pasted outputs: a header, then one row per process, ``APP [CTX] PID STAT #START START_TIME MON COMMAND``.
START_TIME is ``[HH:MM:SS] D/M/YYYY``. The column CTX is only there when it was switched on. STAT is E (executing) or T (terminated). With MON Y the
watchdog asks the process whether it works. With N it watches passively: it starts the process again only when that ends abnormally, so one that has
ended may have done so by itself, as HISTORYD does.
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
# What must execute for the services to count as started: CPD on every server, the others where the server has them. EPM is what the clients talk to.
DECIDING = ('CPD', 'EPM', 'FWM', 'CPM')
# What must not execute for them to count as stopped. The watchdog itself and what it keeps beside may live on.
STOPPING = ('CPD', 'EPM', 'FWM')
# Every cpstop ends these and every cpstart starts them again.
RESTARTED = ('CPD', 'FWM')
# The watchdog starts a process this often (no_limit), then gives up for two hours.
MOST_STARTS = 5


class ListError(Exception):
    """The text is not a list of processes that can be read; the text of the error says why."""


def parse_list(text):
    """Parse a list of the watchdog.

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
    """Return the names of the processes that execute."""
    return [process['name'] for process in processes if process['status'] == EXECUTING]


def missing(processes, before=()):
    """Return the names of the processes that must execute for the services to count as started, and do not.

    :param before: names of processes that executed before a stop; those of DECIDING must execute again
    """
    running = executing(processes)
    listed = [process['name'] for process in processes]
    return [name for name in DECIDING if name not in running and (name == 'CPD' or name in listed or name in before)]


def warnings(processes, before=()):
    """Return what else is not as it should be, as sentences: no reason to undo a change."""
    running = executing(processes)
    found = []
    for process in processes:
        if process['status'] == EXECUTING or process['name'] in DECIDING:
            continue
        if process['starts'] >= MOST_STARTS:
            found.append('%s was started %d times, and the watchdog has given up' % (process['name'], process['starts']))
        elif process['monitored'] or process['name'] in before:
            found.append('%s does not execute' % process['name'])
    listed = [process['name'] for process in processes]
    return found + ['%s is not in the list of the watchdog any more' % name for name in before if name not in listed + running + list(DECIDING)]


def judge(processes, ports=(), serving=None, before=()):
    """Return whether the services are ``started``, ``stopped``, or neither: ``partial``.

    :param processes: from ``parse_list``
    :param ports: list of dictionaries with ``answers``: addresses that must answer for ``started``
    :param serving: whether the Endpoint Apache listens; None where that is not known, then the ports decide about ``stopped``, too
    :param before: see ``missing``
    """
    answers = [port['answers'] for port in ports]
    if not set(executing(processes)) & set(STOPPING) and is_silent(ports, serving):
        return 'stopped'
    if not missing(processes, before) and all(answers) and serving is not False:
        return 'started'
    return 'partial'


def is_silent(ports, serving):
    """Return whether the Endpoint Apache serves nobody. What another program answers on its port does not count where the listener is known."""
    return not serving if serving is not None else not any(port['answers'] for port in ports)


def run_of(processes):
    """Return what tells the present run of the services from the next one: dictionary of name to process number."""
    return dict((entry['name'], entry['pid']) for entry in processes if entry['name'] in RESTARTED and entry['status'] == EXECUTING)


def is_same_run(before, processes):
    """Return whether processes that every restart renews are still those of an earlier look.

    :param before: from ``run_of``
    :param processes: from ``parse_list``, now
    """
    now = run_of(processes)
    return any(before.get(name) == pid for name, pid in now.items())
