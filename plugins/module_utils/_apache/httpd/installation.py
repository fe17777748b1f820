# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Find an Apache on a server, ask its httpd about itself, and let it test its configuration."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import glob
import os
import re
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.answers import DEFINES, parse_directives, parse_report
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.start import read_envvars
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.dialect import parse_version
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._commands import run_command, tail
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import native

# root: directory of the Apache, its ServerRoot unless the configuration says otherwise; ssl_conf: the file with the TLS settings;
# httpd: its program, None when there is none; httpd_conf: the file that the program starts with, None when there is none
Installation = namedtuple('Installation', ['root', 'ssl_conf', 'httpd', 'httpd_conf'])

# How far above ssl.conf the directory of its Apache is looked for: conf/ssl.conf, conf/extra/httpd-ssl.conf.
_LEVELS = 3


def find_installation(uepm_dir=None, ssl_conf=None, httpd=None, httpd_conf=None, gone=()):
    """Find an Apache.

    :param uepm_dir: value of UEPMDIR, needed when ``ssl_conf`` is not given
    :param ssl_conf: path of the file with the TLS settings
    :param httpd: path of the program, default: bin/httpd of the same Apache
    :param httpd_conf: path of the main configuration file, default: conf/httpd.conf of the same Apache
    :param gone: paths of files, links resolved, that are not there but are about to be made again: they count as if they were
    :returns: Installation, all paths absolute except an ``ssl_conf`` that was given
    :raises AdministratorError: when no ssl.conf is found, or several, when a path that was given is not there, or when it is not known what
        the httpd that was given reads
    """
    if ssl_conf is None:
        ssl_conf = _find_ssl_conf(uepm_dir, gone)
    for path, what in ((ssl_conf, 'the file with the TLS settings'), (httpd, 'the httpd'), (httpd_conf, 'the main configuration file')):
        if path is not None and not _is_there(path, gone):
            raise AdministratorError('%s is not there' % what, path=path, state=UNCHANGED)
    root = _find_root(ssl_conf, httpd_conf, gone)
    default = os.path.join(root, 'conf', 'httpd.conf')
    if httpd_conf is None and (os.path.isfile(default) or os.path.realpath(default) in gone):
        httpd_conf = default
    if httpd is not None and httpd_conf is None:
        raise AdministratorError(
            'it is not known which configuration this httpd reads', path=httpd, expected=default, found='no such file', state=UNCHANGED,
            next_step='give httpd_conf')
    if httpd is None and os.access(os.path.join(root, 'bin', 'httpd'), os.X_OK):
        httpd = os.path.join(root, 'bin', 'httpd')
    return Installation(root, ssl_conf, httpd and os.path.abspath(httpd), httpd_conf and os.path.abspath(httpd_conf))


def _is_there(path, gone):
    return os.path.exists(path) or os.path.realpath(path) in gone


def _find_ssl_conf(uepm_dir, gone):
    if not uepm_dir:
        raise AdministratorError(
            'there is no Endpoint Security server here: UEPMDIR is not set', expected='UEPMDIR in the environment profile',
            state=UNCHANGED, next_step='give the path of ssl.conf if it is elsewhere')
    directories = os.path.join(uepm_dir, 'apache*', 'conf')
    candidates = [os.path.join(directory, 'ssl.conf') for directory in sorted(glob.glob(directories))]
    found = [path for path in candidates if os.path.lexists(path) or os.path.realpath(path) in gone]
    with_httpd = [path for path in found if os.access(os.path.join(os.path.dirname(path), '..', 'bin', 'httpd'), os.X_OK)]
    choice = with_httpd if len(found) > 1 else found
    if len(choice) != 1:
        raise AdministratorError(
            'cannot determine which ssl.conf the Endpoint Security server uses', path=os.path.join(directories, 'ssl.conf'), expected='one file',
            found=', '.join(found) or 'none', state=UNCHANGED, next_step='give its path')
    return choice[0]


def _find_root(ssl_conf, httpd_conf, gone):
    directory = os.path.dirname(os.path.abspath(ssl_conf))
    candidate = directory
    for dummy in range(_LEVELS):
        main = os.path.join(candidate, 'conf', 'httpd.conf')
        if os.path.exists(os.path.join(candidate, 'bin', 'httpd')) or os.path.isfile(main) or os.path.realpath(main) in gone:
            return candidate
        candidate = os.path.dirname(candidate)
    directory = os.path.dirname(os.path.abspath(httpd_conf)) if httpd_conf else directory
    return os.path.dirname(directory) if os.path.basename(directory) == 'conf' else directory


class Httpd(object):
    """The httpd of an Installation, as a program that answers questions.

    :ivar installation: Installation
    :ivar environ: dictionary of the environment variables that it runs with
    :ivar timeout: seconds for each run
    :ivar options: list of the further options that it is started with, -D, -C and -c
    """

    def __init__(self, installation, environ=None, timeout=60.0, options=(), environ_of_start=True):
        """
        :param environ: default: the variables of this process
        :param environ_of_start: whether to add the variables that bin/envvars sets, as apachectl does
        """
        self.options = list(options)
        self.installation = installation
        self.environ = dict(os.environ if environ is None else environ)
        if installation.httpd and environ_of_start:
            self.environ.update(read_envvars(os.path.join(os.path.dirname(installation.httpd), 'envvars')))
        self.timeout = timeout

    @property
    def is_there(self):
        """Return whether there is a program, and a configuration that it starts with."""
        return bool(self.installation.httpd and self.installation.httpd_conf)

    def started_like(self, options, environ, names):
        """Return the Httpd that is started as another one was.

        :param options: list of the options that count: -D, -d, -f, -C and -c, each before its value
        :param environ: variables of that one
        :param names: of these the names that the configuration uses, as bytes; LD_LIBRARY_PATH goes with them
        """
        names = set(native(name) for name in names)
        own = dict((name, value) for name, value in self.environ.items() if name not in names)
        own.update((name, environ[name]) for name in names | {'LD_LIBRARY_PATH'} if name in environ)
        pairs = list(zip(options[::2], options[1::2]))
        roots = [value for option, value in pairs if option == '-d']
        installation = self.installation._replace(root=roots[-1]) if roots else self.installation
        further = [word for pair in pairs if pair[0] in ('-D', '-C', '-c') for word in pair]
        return Httpd(installation, own, self.timeout, further, False)

    def _run(self, *arguments):
        return run_command([self.installation.httpd] + list(arguments), self.environ, self.timeout)

    def version(self):
        """Return its version as a tuple.

        :raises AdministratorError: when it does not report one
        """
        answer = self._run('-v')
        if answer.timed_out:
            raise AdministratorError(
                'httpd does not answer', path=self.installation.httpd, expected='its version', found='no answer within %g seconds' % self.timeout,
                state=UNCHANGED, next_step='find out why it hangs, or give it more time')
        match = re.search(br'Apache/(\d+\.\d+\.\d+)', answer.stdout)
        if match is None:
            raise AdministratorError(
                'httpd did not report its version', path=self.installation.httpd, expected='Server version: Apache/...',
                found=tail(answer.stdout + answer.stderr, 3) or 'nothing', state=UNCHANGED)
        return parse_version(match.group(1).decode('ascii'))

    def static_modules(self):
        """Return the names of the source files of its compiled-in modules (``httpd -l``), a frozenset of bytes."""
        return frozenset(re.findall(br'^\s+(\S+\.c)\s*$', self._run('-l').stdout, re.MULTILINE))

    def directives(self):
        """Return the directives and sections that it knows with its configuration (``httpd -L``).

        :returns: dictionary of their names, bytes in small letters, to the source files of their modules; None when httpd does not list them
        """
        answer = self._run('-L', *self._start())
        return parse_directives(answer.stdout) if answer.rc == 0 else None

    def report(self):
        """Return the Report of what httpd reads; None when it does not accept its configuration."""
        defines = [word for name in DEFINES for word in ('-D', name)]
        answer = self._run('-t', *(self._start() + defines))
        return parse_report(answer.stdout + b'\n' + answer.stderr) if answer.rc == 0 and not answer.timed_out else None

    def test(self, extra=(), httpd_conf=None):
        """Let httpd test its configuration (``httpd -t``). Note that this test passes a configuration without any protocol.

        :param extra: further arguments for httpd
        :param httpd_conf: path of another main configuration file, which is read without the options of the start
        :returns: dictionary with ``ok``, ``output`` (text) and ``command`` (list)
        """
        options = self._start() if httpd_conf is None else ['-d', self.installation.root, '-f', httpd_conf]
        answer = self._run('-t', *(options + list(extra)))
        output = tail(answer.stdout + answer.stderr, 40)
        if answer.timed_out:
            output = 'no answer within %g seconds\n%s' % (self.timeout, output)
        return {'ok': answer.rc == 0 and not answer.timed_out, 'output': output, 'command': answer.argv}

    def _start(self):
        return ['-d', self.installation.root, '-f', self.installation.httpd_conf] + self.options
