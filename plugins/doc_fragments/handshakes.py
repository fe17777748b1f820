# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import (absolute_import, division, print_function)

__metaclass__ = type


class ModuleDocFragment:
    """Document the options of handshakes that are tried while a server is read."""

    DOCUMENTATION = r"""
options:
  handshake_timeout:
    description: Time limit for each handshake in seconds, from connecting to the result.
    type: float
    default: 5
  probe_listeners:
    description:
      - The TCP listeners of the host to try handshakes with, in addition to those of the Endpoint Apache. C(server.listeners) always lists all of them.
      - V(web) means listeners that other hosts can reach and that belong to a web server or use port 443, 4434 or 8443.
      - V(all) means every listener. V(none) means no listener.
      - Ports of Check Point's own protocols (SIC and CPMI, among them 18190 to 18193 and 18208 to 18211) are never tried.
    type: str
    choices: [all, web, none]
    default: none
  extra_endpoints:
    description: Further addresses to try handshakes with, such as a proxy in front of the server. The results are in C(server.extra_endpoints).
    type: list
    elements: dict
    default: []
    suboptions:
      host:
        description: Host name, IPv4 address or IPv6 address.
        type: str
        required: true
      port:
        description: TCP port.
        type: int
        default: 443
      server_names:
        description: The names to send as server name indication (SNI). An empty string stands for a client that sends no SNI.
        type: list
        elements: str
        default: [""]
      front:
        description: The module ignores this. It tells the policy that another program may listen on this port of the configuration.
        type: bool
        default: false
  listener_mark:
    description:
      - For rehearsals in which several servers share one kernel, each with its own loopback addresses. The module then considers only listeners of processes
        that were started with this environment variable, given as C(NAME=value), and treats their addresses as reachable from other hosts.
      - Do not set it on a real server.
    type: str
    default: ""
"""
