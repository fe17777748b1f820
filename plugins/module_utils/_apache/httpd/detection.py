# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Find out which Dialect an httpd speaks: its version, its OpenSSL from the bytes of mod_ssl, its protocols by asking it."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import re

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config import include_paths
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.dialect import Dialect, default_enabled, parse_version
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import PROTOCOLS
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import native

# mod_ssl carries the text of the OpenSSL that it was compiled with; its own branches depend on exactly that version.
_OPENSSL_TEXT = re.compile(br'OpenSSL (\d+\.\d+\.\d+[a-z]*)[^\0\n]{0,40}\d{4}')
_LIBRARY = re.compile(br'libssl\.so\.(\d+(?:\.\d+)*)\0')
_BY_LIBRARY = {b'3': (3, 0, 0), b'1.1': (1, 1, 0), b'10': (1, 0, 1), b'1.0.0': (1, 0, 1), b'1.0.2': (1, 0, 2), b'6': (0, 9, 8)}

# Fedora and its kin build mod_ssl with this cipher default, and together with it leave an absent SSLProtocol to the crypto policy.
_CRYPTO_POLICY = b'PROFILE=SYSTEM'

_REFUSAL = re.compile(r"Illegal protocol '[+]?([A-Za-z0-9.]+)'|(SSLv[23])(?: is no longer| not) supported")


class Identity(object):
    """Which httpd reads the configuration, as far as that could be found out.

    :ivar dialect: Dialect
    :ivar openssl_text: version of OpenSSL as text, ``3.0.22`` or ``1.0.2k``; None when it could not be found
    :ivar identified: whether both the OpenSSL and the protocols are known from the httpd itself, not guessed by versions
    """

    def __init__(self, dialect, openssl_text, identified):
        self.dialect = dialect
        self.openssl_text = openssl_text
        self.identified = identified


def identify(httpd, tree, build):
    """Find out the Dialect of an httpd.

    :param httpd: Httpd
    :param tree: Tree of its configuration
    :param build: Build of it
    :returns: Identity
    """
    data = _mod_ssl(httpd.installation.httpd, tree)
    text, openssl = _openssl(data)
    asked = _ask_protocols(httpd, tree, build)
    if openssl is None:
        openssl = (1, 1, 1) if asked and 'TLSv1.3' in asked else (1, 0, 2) if build.version < (2, 4, 37) else (3, 0, 0)
    elif asked and 'TLSv1.3' in asked:
        openssl = max(openssl, (1, 1, 1))
    enabled = asked if asked is not None else default_enabled(build.version, openssl)
    dialect = Dialect(build.version, openssl, enabled, frozenset(enabled) | {'SSLv2', 'SSLv3'}, _CRYPTO_POLICY not in data)
    return Identity(dialect, text, text is not None and asked is not None)


def _mod_ssl(program, tree):
    """Return the bytes of mod_ssl, of httpd itself where it is compiled in; empty when they cannot be read."""
    module = tree.modules.get(b'ssl_module')
    path = include_paths.absolute(native(module), tree.server_root) if module else program
    try:
        return read_file(os.path.realpath(path)).data
    except AdministratorError:
        return b''


def _openssl(data):
    """(text, version) of the OpenSSL that the bytes belong to; (None, version or None) when only the library's name says it."""
    match = _OPENSSL_TEXT.search(data)
    if match is not None:
        text = match.group(1).decode('ascii')
        return text, parse_version(text)
    library = _LIBRARY.search(data)
    return None, _BY_LIBRARY.get(library.group(1)) if library else None


def _ask_protocols(httpd, tree, build):
    """Return the protocols that ``SSLProtocol +X`` can switch on, from httpd's own parser; None when it cannot be asked.

    httpd names the first word that it refuses, so each run takes one protocol away until the rest is accepted. It is asked with an
    empty configuration and the server's own modules: nothing in the server's configuration can be in the way of the answer.
    """
    preparation = ['-C', 'ServerName localhost', '-C', 'ErrorLog ' + os.devnull]
    for name in sorted(tree.modules):
        if name == b'ssl_module' or name.startswith(b'mpm_'):
            path = include_paths.absolute(native(tree.modules[name]), tree.server_root)
            preparation += ['-C', 'LoadModule %s "%s"' % (native(name), path)]
    left = list(PROTOCOLS if build.version < (2, 3, 0) else PROTOCOLS[1:])
    while left:
        line = 'SSLProtocol ' + ' '.join('+' + name for name in left)
        test = httpd.test(preparation + ['-c', line], os.devnull)
        if test['ok']:
            return left
        match = _REFUSAL.search(test['output'])
        refused = (match.group(1) or match.group(2)) if match else None
        if refused not in left:
            return None
        left.remove(refused)
    return None
