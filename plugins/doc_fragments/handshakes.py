# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import (absolute_import, division, print_function)

__metaclass__ = type


class ModuleDocFragment:
    """The handshakes that a reading of a server tries."""

    DOCUMENTATION = r"""
options:
  handshake_timeout:
    description: Seconds for each handshake, from connecting to the verdict.
    type: float
    default: 5
  probe_listeners:
    description:
      - The TCP listeners of the host, beside the Endpoint Apache's own, that handshakes are tried with. All are listed in C(server.listeners) whatever
        is chosen here.
      - V(web) means those that other hosts can reach and that belong to a web server, or that are on port 443, 4434 or 8443.
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
        description: Name, IPv4 address or IPv6 address.
        type: str
        required: true
      port:
        description: TCP port.
        type: int
        default: 443
      server_names:
        description: The names to ask for, by server name indication. An empty text stands for a client that names no server.
        type: list
        elements: str
        default: [""]
      front:
        description: Not looked at. The policy knows by it that another program may listen on this port of the configuration.
        type: bool
        default: false
  listener_mark:
    description:
      - For rehearsals, where several servers share one kernel, each on loopback addresses of its own. Only listeners of processes that were started with this
        environment variable, given as C(NAME=value), are listed and tried then, and their addresses count as those that other hosts can reach.
      - Leave it out on a real server.
    type: str
    default: ""
"""
