#!/usr/bin/python
# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

DOCUMENTATION = r"""
module: tls_client_info
short_description: Find clients that still connect with an old TLS protocol
version_added: 1.0.0
author:
  - The checkpoint_endpoint.hardening contributors (@checkpoint-endpoint-hardening)
description:
  - Reads the request logs of the Endpoint Security server's Apache and answers the question to ask before you disable a protocol. Who would lose access?
  - Reads from the configuration which logs exist, and where their lines contain the protocol, the client and the time. It considers C(CustomLog),
    C(TransferLog) and C(GlobalLog) of the main server and of each TLS virtual host, if their format contains C(%{SSL_PROTOCOL}x) or C(%{version}c). The
    format may be given directly or as the name of a C(LogFormat), and the logs may be written to a file or through C(rotatelogs).
  - Also reads rotated files, newest first, including those that are compressed with gzip, bzip2 or xz. Skips files that were last written before O(since), and
    the older lines of uncompressed files. A few lines with wrong timestamps are tolerated. If the clock of a server was wrong for a long time, read its logs
    without O(since). Python 2.7 cannot read xz files, which are then listed as unreadable.
  - Whatever could not be read is listed in RV(clients.unreadable). RV(clients.logs_protocol) is false if a server does not log the protocol at all.
  - Names each client as the log does. For a client that connects through a proxy or address translation, that is not the client itself.
  - Each process uses less than 64 MiB of memory, whatever the size of the logs.
extends_documentation_fragment:
  - checkpoint_endpoint.hardening.attributes
  - checkpoint_endpoint.hardening.attributes.reads
  - checkpoint_endpoint.hardening.attributes.server
  - checkpoint_endpoint.hardening.profile
  - checkpoint_endpoint.hardening.state_dir
options:
  protocols:
    description:
      - The protocols that the server accepts or will accept.
      - A client that uses a protocol older than the oldest of these counts as a legacy client. A client that uses a newer one is assumed to support these, too.
    type: list
    elements: str
    choices: [SSLv2, SSLv3, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3]
    default: [TLSv1.2]
  days:
    description:
      - Only requests within this number of days are counted.
      - If neither O(days) nor O(since) is set, all requests are counted.
    type: int
  since:
    description: Only requests since this time are counted. In ISO 8601, for example V(2026-11-23T10:00:00Z), and in UTC if it has no time zone.
    type: str
  limit:
    description: Maximum number of legacy clients to return. RV(clients.legacy_left_out) is the number of the others.
    type: int
    default: 1000
  logs:
    description: Logs to read instead of those in the configuration. Their rotated files are read, too.
    type: list
    elements: dict
    suboptions:
      path:
        description: Path of the current log file.
        type: path
        required: true
      format:
        description: Its log format, as in the quoted argument of C(CustomLog), but without backslashes before quotes.
        type: str
        default: '%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x "%r" %b'
  processes:
    description:
      - Maximum number of processes that read a large file at the same time.
      - V(0) means one for each processor, but at most four.
    type: int
    default: 0
  ssl_conf:
    description: Path of the file with the TLS settings. By default C(apache*/conf/ssl.conf) below E(UEPMDIR).
    type: path
  httpd:
    description: Path of the Apache program. By default C(bin/httpd) of the Apache that O(ssl_conf) belongs to.
    type: path
  httpd_conf:
    description: Path of the main configuration file. By default C(conf/httpd.conf) of the same Apache.
    type: path
  timeout:
    description: Time limit in seconds for each program that is run to read the configuration. Reading logs has no time limit.
    type: int
    default: 60
  state_dir:
    description:
      - This module does not use this option. It accepts the option so that you can set it for all modules of the action group at once.
attributes:
  platform:
    support: full
seealso:
  - module: checkpoint_endpoint.hardening.tls_probe_info
    description: Finds out what a server accepts, rather than what its clients have used.
  - plugin: checkpoint_endpoint.hardening.findings
    plugin_type: filter
    description: Judges the clients by a policy.
  - plugin: checkpoint_endpoint.hardening.fleet_clients
    plugin_type: filter
    description: Joins the clients of many servers.
"""

EXAMPLES = r"""
- name: Find the clients that used a protocol older than TLSv1.2 in the last week
  checkpoint_endpoint.hardening.tls_client_info:
    days: 7
  register: seen

- name: Show them
  ansible.builtin.debug:
    msg: "{{ item.address }}: {{ item.protocols }}, last seen {{ item.last_seen }}"
  loop: "{{ seen.clients.legacy }}"
  loop_control:
    label: "{{ item.address }}"

- name: Explain what to do if a server does not log the protocol
  ansible.builtin.debug:
    msg: "Add {{ seen.clients.add_directive }} to {{ item.scope }} in {{ item.file }}, restart, and wait."
  loop: "{{ seen.clients.not_logged }}"
  loop_control:
    label: "{{ item.scope }}"

- name: Read a log of another web server
  checkpoint_endpoint.hardening.tls_client_info:
    logs:
      - path: /var/log/httpd/tls.log
        format: '%h [%{%Y-%m-%dT%H:%M:%S%z}t] "%r" %>s %{SSL_PROTOCOL}x'
"""

RETURN = r"""
clients:
  description: The content of the logs.
  returned: success
  type: dict
  contains:
    logs_protocol:
      description:
        - Whether the server logs the protocol of requests at all.
        - If it does not, nothing is known about its clients, and RV(clients.add_directive) says how to change that.
      type: bool
      sample: true
    add_directive:
      description:
        - The directive to add to each of RV(clients.not_logged), empty if all of them log the protocol.
        - Once you add a log to a virtual host that had none, the virtual host no longer writes to the logs of the main server.
      type: str
      sample: ""
    not_logged:
      description: The TLS servers that do not log the protocol, each with RV(ignore:scope), RV(ignore:file) and RV(ignore:line).
      type: list
      elements: dict
      sample: []
    older_than:
      description: Clients that used a protocol older than this one are listed in RV(clients.legacy).
      type: str
      sample: TLSv1.2
    now:
      description: The time on the server when the logs were read, in UTC.
      type: str
      sample: "2026-11-23T10:00:00Z"
    since:
      description: Only requests since this time were counted. Null if all were counted.
      type: str
      sample: "2026-11-16T10:00:00Z"
    logs:
      description:
        - The logs that were read, each with RV(ignore:path), RV(ignore:format), RV(ignore:condition) (C(env=) or C(expr=) and its value),
          RV(ignore:declared_at) (file and line), RV(ignore:files) (the files that were read, newest first), RV(ignore:lines), RV(ignore:unreadable_lines),
          RV(ignore:first) and RV(ignore:last) (times of the first and the last counted request), RV(ignore:last_before) (time of the last request before
          RV(clients.since), null if none was seen), and RV(ignore:complete), whether at most one day lies between RV(ignore:last_before) and
          RV(ignore:first).
      type: list
      elements: dict
      sample:
        - path: /opt/CPuepm-R81.20/apache22/logs/ssl_request_log
          format: '%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x "%r" %b'
          condition: ""
          declared_at: /opt/CPuepm-R81.20/apache22/conf/ssl.conf:212
          files: [/opt/CPuepm-R81.20/apache22/logs/ssl_request_log]
          lines: 183922
          unreadable_lines: 0
          first: "2026-11-16T10:00:03Z"
          last: "2026-11-23T09:59:58Z"
          last_before: "2026-11-16T09:59:59Z"
          complete: true
    period:
      description: The time that the counted requests cover.
      type: dict
      contains:
        first:
          description: Time of the first counted request, null if there was none.
          type: str
          sample: "2026-11-16T10:00:03Z"
        last:
          description: Time of the last counted request, null if there was none.
          type: str
          sample: "2026-11-23T09:59:58Z"
        complete:
          description:
            - Whether every log starts before RV(clients.since) and was written to around that time. V(false) if neither O(days) nor O(since) is set.
            - The module does not check whether logging was switched off later in the period.
          type: bool
          sample: true
    protocols:
      description: Number of requests for each protocol. V(-) stands for requests without TLS.
      type: dict
      sample:
        TLSv1: 1411
        TLSv1.2: 182511
    legacy:
      description:
        - The legacy clients, most recently seen first. Each has RV(ignore:address) (empty if the log does not contain it), RV(ignore:protocols) (number of
          requests for each protocol), RV(ignore:first_seen) and RV(ignore:last_seen) (null if the log contains no times), and RV(ignore:count).
        - RV(ignore:accepted_last_seen) is the time of a request after RV(ignore:last_seen) from the same address with an accepted protocol, which
          indicates that the client was upgraded. It is null if there was none in the last 64 MiB of the log.
        - These values come from the log. Treat them as data.
      type: list
      elements: dict
      sample:
        - address: 192.0.2.17
          protocols:
            TLSv1: 1411
          first_seen: "2026-11-16T10:02:44Z"
          last_seen: "2026-11-23T09:58:12Z"
          accepted_last_seen: null
          count: 1411
    legacy_total:
      description: Number of legacy clients. At most 20000 are distinguished.
      type: int
      sample: 1
    legacy_left_out:
      description: Number of legacy clients that are not listed in RV(clients.legacy).
      type: int
      sample: 0
    legacy_requests_unnamed:
      description: Number of requests from legacy clients beyond those that are distinguished.
      type: int
      sample: 0
    unreadable_lines:
      description: Number of lines that do not match the format of their log. A last line that is still being written is not counted.
      type: int
      sample: 0
    unreadable:
      description: The parts that could not be read, each with RV(ignore:part) and RV(ignore:reason).
      type: list
      elements: dict
      sample: []
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.inspection import HttpdInspection
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import Httpd, find_installation
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.clients import oldest_of, read_clients
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_file import available_processors
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_format import LOGGED_PROTOCOLS
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_time import parse_iso
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.sources import find_sources, given_sources
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import PROTOCOLS
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import name_bytes

STOCK_FORMAT = '%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x "%r" %b'


def argument_spec():
    return dict(
        protocols=dict(type='list', elements='str', choices=list(PROTOCOLS), default=['TLSv1.2']),
        days=dict(type='int'),
        since=dict(type='str'),
        limit=dict(type='int', default=1000),
        logs=dict(
            type='list',
            elements='dict',
            options=dict(path=dict(type='path', required=True), format=dict(type='str', default=STOCK_FORMAT)),
        ),
        processes=dict(type='int', default=0),
        ssl_conf=dict(type='path'),
        httpd=dict(type='path'),
        httpd_conf=dict(type='path'),
        timeout=dict(type='int', default=60),
        profile=dict(type='path'),
        state_dir=dict(type='path', default='/var/lib/checkpoint_endpoint_hardening'),
    )


def find_since(given):
    """Return the time that the options set, in seconds since 1970, or None."""
    if given['days'] is not None:
        return int(time.time()) - given['days'] * 86400
    try:
        return None if given['since'] is None else parse_iso(given['since'])
    except ValueError as error:
        raise AdministratorError('the option since is not a time', expected='ISO 8601', found=str(error))


def find_logs(given, oldest_accepted):
    """Return the logs that the options or the configuration name."""
    if given['logs'] is not None:
        return given_sources([(name_bytes(log['path']), name_bytes(log['format'])) for log in given['logs']])
    environment = read_environment(given['profile'], given['timeout'])
    installation = find_installation(environment.uepm_dir, given['ssl_conf'], given['httpd'], given['httpd_conf'])
    reading = HttpdInspection(Httpd(installation, environment.variables, given['timeout']))
    return find_sources(reading.tree, reading.dialect, LOGGED_PROTOCOLS[:LOGGED_PROTOCOLS.index(oldest_accepted)])


def main():
    module = AnsibleModule(
        argument_spec=argument_spec(), supports_check_mode=True, mutually_exclusive=[['days', 'since'], ['logs', 'ssl_conf']])
    given = module.params
    try:
        oldest_accepted = oldest_of(given['protocols'])
        since = find_since(given)
        found = find_logs(given, oldest_accepted)
        processes = given['processes'] if given['processes'] > 0 else available_processors()
        clients = read_clients(found, oldest_accepted, since, max(given['limit'], 0), processes)
    except AdministratorError as error:
        module.fail_json(msg=str(error), error=error.details())
    module.exit_json(changed=False, clients=clients)


if __name__ == '__main__':
    main()
