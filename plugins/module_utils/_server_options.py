# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The options of server_info, which server_assessment hands on."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._listeners.facts import CHOICES


def argument_spec():
    """Return the argument specification of server_info."""
    return dict(
        timeout=dict(type='int', default=60),
        handshake_timeout=dict(type='float', default=5),
        probe_listeners=dict(type='str', choices=list(CHOICES), default='none'),
        extra_endpoints=dict(
            type='list',
            elements='dict',
            default=[],
            options=dict(
                host=dict(type='str', required=True),
                port=dict(type='int', default=443),
                server_names=dict(type='list', elements='str', default=['']),
                front=dict(type='bool', default=False),
            ),
        ),
        listener_mark=dict(type='str', default=''),
        profile=dict(type='path'),
        state_dir=dict(type='path', default='/var/lib/checkpoint_endpoint_hardening'),
    )
