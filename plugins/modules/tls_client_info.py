#!/usr/bin/python
# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

DOCUMENTATION = r"""
module: tls_client_info
short_description: Tell which clients still connect with an old TLS protocol
version_added: 1.0.0
author:
  - The checkpoint_endpoint.hardening contributors (@checkpoint-endpoint-hardening)
description:
  - Reads the request logs of the Endpoint Security server's Apache and answers the question that comes before a protocol is refused. Who will lose contact?
  - Which logs there are, and where the protocol, the client and the time stand in their lines, is read from the configuration. That is C(CustomLog),
    C(TransferLog) and C(GlobalLog) with C(%{SSL_PROTOCOL}x) or C(%{version}c) in their format, given there or by the name of a C(LogFormat), of the main
    server and of each virtual host that speaks TLS, written to a file or through C(rotatelogs).
  - Rotated files are read too, newest first, also those compressed with gzip, bzip2 or xz. Files last written to before O(since) are not counted, and
    what is older in a plain file is skipped. Lines with a wrong time are put up with where they are few. After the clock of a server was wrong for long,
    read its logs without O(since). Python 2.7 cannot read xz files; they are listed as unreadable.
  - What was not read is told in RV(clients.unreadable), and a server that does not log the protocol at all in RV(clients.logs_protocol).
  - A client is named as the log names it. Behind a proxy or an address translation that is not the client itself.
  - Memory stays below 64 MiB for each process, whatever the size of the logs.
extends_documentation_fragment:
  - checkpoint_endpoint.hardening.attributes
  - checkpoint_endpoint.hardening.attributes.reads
  - checkpoint_endpoint.hardening.attributes.server
  - checkpoint_endpoint.hardening.profile
  - checkpoint_endpoint.hardening.state_dir
options:
  protocols:
    description:
      - The protocols that the server accepts, or is going to accept.
      - A client that uses an older protocol than the oldest of these counts as a legacy client. A client that uses a newer one is taken to be able to use
        these too.
    type: list
    elements: str
    choices: [SSLv2, SSLv3, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3]
    default: [TLSv1.2]
  days:
    description:
      - Only requests of this number of days count.
      - Without O(days) and O(since) all requests count that there are.
    type: int
  since:
    description: Only requests since this time count. In ISO 8601, for example V(2026-11-23T10:00:00Z), and in UTC where it names no zone.
    type: str
  limit:
    description: The most legacy clients to return. RV(clients.legacy_left_out) is the number of others.
    type: int
    default: 1000
  logs:
    description: Logs to read instead of those of the configuration. Their rotated files are read too.
    type: list
    elements: dict
    suboptions:
      path:
        description: Path of the file that is written to.
        type: path
        required: true
      format:
        description: Its log format, as C(CustomLog) has it between its quotes, without the backslashes before quotes.
        type: str
        default: '%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x "%r" %b'
  processes:
    description:
      - The most processes that read a large file.
      - V(0) stands for one for each processor, and no more than four.
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
    description: Seconds for each program that is asked for the configuration. Reading logs has no limit.
    type: int
    default: 60
  state_dir:
    description:
      - Not used by this module. It is accepted so that one setting serves all modules of the action group.
attributes:
  platform:
    support: full
seealso:
  - module: checkpoint_endpoint.hardening.tls_probe_info
    description: Asks what a server accepts, instead of what was used.
  - plugin: checkpoint_endpoint.hardening.findings
    plugin_type: filter
    description: Judges the clients by a policy.
  - plugin: checkpoint_endpoint.hardening.fleet_clients
    plugin_type: filter
    description: Joins the clients of many servers.
"""

EXAMPLES = r"""
- name: Who used something older than TLSv1.2 in the last week?
  checkpoint_endpoint.hardening.tls_client_info:
    days: 7
  register: seen

- name: Show them
  ansible.builtin.debug:
    msg: "{{ item.address }}: {{ item.protocols }}, last seen {{ item.last_seen }}"
  loop: "{{ seen.clients.legacy }}"
  loop_control:
    label: "{{ item.address }}"

- name: Say what to do where the server does not log the protocol
  ansible.builtin.debug:
    msg: "Add {{ seen.clients.add_directive }} to {{ item.scope }} in {{ item.file }}, restart, and wait."
  loop: "{{ seen.clients.not_logged }}"
  loop_control:
    label: "{{ item.scope }}"

- name: Read one log of another web server
  checkpoint_endpoint.hardening.tls_client_info:
    logs:
      - path: /var/log/httpd/tls.log
        format: '%h [%{%Y-%m-%dT%H:%M:%S%z}t] "%r" %>s %{SSL_PROTOCOL}x'
"""

RETURN = r"""
clients:
  description: What the logs say.
  returned: success
  type: dict
  contains:
    logs_protocol:
      description:
        - Whether the server logs the protocol of requests at all.
        - V(false) is an answer of its own. Nothing is known about clients then, and RV(clients.add_directive) says how to change that.
      type: bool
      sample: true
    add_directive:
      description:
        - The directive to add to each of RV(clients.not_logged), empty where all of them log the protocol.
        - A virtual host that had no log of its own no longer writes to the logs of the main server once it has one.
      type: str
      sample: ""
    not_logged:
      description: The servers that speak TLS and do not log the protocol, each with RV(ignore:scope), RV(ignore:file) and RV(ignore:line).
      type: list
      elements: dict
      sample: []
    older_than:
      description: Clients with an older protocol than this one are in RV(clients.legacy).
      type: str
      sample: TLSv1.2
    since:
      description: Only requests since this time were counted, null for all.
      type: str
      sample: "2026-11-16T10:00:00Z"
    logs:
      description:
        - The logs that were read, each with RV(ignore:path), RV(ignore:format), RV(ignore:condition) (what follows C(env=) or C(expr=), with it),
          RV(ignore:declared_at) (file and line), RV(ignore:files) (what was read, newest first), RV(ignore:lines), RV(ignore:unreadable_lines),
          RV(ignore:first) and RV(ignore:last) (times of the first and the last request counted), RV(ignore:last_before) (time of the last request before
          RV(clients.since), null when none was seen), and RV(ignore:complete), whether RV(ignore:first) came no more than a day after that.
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
          description: Time of the first request counted, null when there was none.
          type: str
          sample: "2026-11-16T10:00:03Z"
        last:
          description: Time of the last request counted, null when there was none.
          type: str
          sample: "2026-11-23T09:59:58Z"
        complete:
          description:
            - Whether every log goes back further than RV(clients.since) and was written to around that time. It is V(false) without O(days) and O(since).
            - Whether logging was off for some time later in the period is not looked at.
          type: bool
          sample: true
    protocols:
      description: Number of requests by protocol. The protocol V(-) stands for requests without TLS.
      type: dict
      sample:
        TLSv1: 1411
        TLSv1.2: 182511
    legacy:
      description:
        - The legacy clients, those seen last first, each with RV(ignore:address) (empty when the log does not say who it was), RV(ignore:protocols) (number of
          requests by protocol), RV(ignore:first_seen) and RV(ignore:last_seen) (null when the log has no time), and RV(ignore:count).
        - RV(ignore:accepted_last_seen) is the time of a request of the same address with an accepted protocol that came after RV(ignore:last_seen), as
          a client makes it that was upgraded. It is null when there was none in the last 64 MiB of the log.
        - All of it comes from the log. Treat it as data.
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
      description: Number of legacy clients, no more than 20000 are told apart.
      type: int
      sample: 1
    legacy_left_out:
      description: How many of them are not in RV(clients.legacy).
      type: int
      sample: 0
    legacy_requests_unnamed:
      description: Requests of further legacy clients, beyond those that are told apart.
      type: int
      sample: 0
    unreadable_lines:
      description: Lines that do not have the format of their log. A last line that is still being written does not count.
      type: int
      sample: 0
    unreadable:
      description: What could not be read, each with RV(ignore:part) and RV(ignore:reason).
      type: list
      elements: dict
      sample: []
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.inspection import Reading
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import find_installation
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
    """The moment that the options name, in seconds since 1970; None for none."""
    if given['days'] is not None:
        return int(time.time()) - given['days'] * 86400
    try:
        return None if given['since'] is None else parse_iso(given['since'])
    except ValueError as error:
        raise AdministratorError('the option since cannot be used', expected='ISO 8601', found=str(error))


def find_logs(given, oldest_accepted):
    """The logs that the options or the configuration name."""
    if given['logs'] is not None:
        return given_sources([(name_bytes(log['path']), name_bytes(log['format'])) for log in given['logs']])
    environment = read_environment(given['profile'], given['timeout'])
    installation = find_installation(environment.uepm_dir, given['ssl_conf'], given['httpd'], given['httpd_conf'])
    reading = Reading(installation, environment.variables, given['timeout'])
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
