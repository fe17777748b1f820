# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import os
import pwd
import time

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint import environment as subject
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import (
    Environment,
    parse_variables,
    read_environment,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files import trust


def test_folders_and_programs_come_from_the_profile(server):
    path = server.tool('cpstop', 'echo stopped\n')
    server.profile.write('export UEPMDIR=%s\n' % server.folder, mode='a')
    environment = server.environment()
    assert environment.profile == str(server.profile)
    assert (environment.cp_dir, environment.fw_dir, environment.uepm_dir) == (str(server.cp), str(server.fw), str(server.folder))
    assert environment.folder('FWDIR') == str(server.fw)
    assert environment.program('cpstop') == str(path)
    assert environment.run(['cpstop']).stdout == b'stopped\n'


@pytest.mark.parametrize(
    'value',
    [
        b'two words', b'"\'quotes\'"', b'$(touch %s)', b'`touch %s`', b'line\nCPDIR=/evil\nline', b'; touch %s', b'\xff\xfe\xe9', b'a=b=c', b'', b'*',
        b'\\0\\n', b'%s%n',
    ],
)
def test_hostile_contents_stay_contents(server, value):
    mark = server.folder.join('touched')
    value = value.replace(b'%s', str(mark).encode()) if b'touch' in value else value
    script = server.folder.join('value')
    script.write_binary(value)
    # $(...) takes final newlines away, so none of the values ends with one.
    server.profile.write('HOSTILE=$(cat %s); export HOSTILE\n' % script, mode='a')
    environment = server.environment()
    found = environment.variables['HOSTILE']
    assert (found if isinstance(found, bytes) else os.fsencode(found)) == value
    assert environment.cp_dir == str(server.cp)
    server.tool('show', 'printf %s "$HOSTILE"\n')
    assert environment.run(['show']).stdout == value
    assert not mark.exists()


def test_a_path_with_shell_syntax_is_only_a_path(server):
    folder = server.folder.mkdir("it's $(touch bad) `id`; & |")
    profile = folder.join('CP "profile".sh')
    server.profile.copy(profile)
    assert read_environment(str(profile)).cp_dir == str(server.cp)
    assert not os.path.exists('bad')


@pytest.mark.parametrize(
    'odd',
    ['echo hello; echo CPDIR=/evil', 'set -e -u -f', 'set -a', 'IFS=:; export IFS', 'printf() { echo evil; }; export -f printf', 'false', 'cd /',
     'PATH=/nowhere; export PATH', 'exec 2>/dev/null', 'trap "echo evil" EXIT DEBUG', 'LD_LIBRARY_PATH=/nowhere; export LD_LIBRARY_PATH',
     'readonly name=1', 'shopt -s extglob nullglob', 'alias printf=false', 'cat'],
)
def test_odd_profiles_are_read_all_the_same(server, odd):
    server.profile.write(odd + '\n', mode='a')
    environment = server.environment()
    assert (environment.cp_dir, environment.fw_dir) == (str(server.cp), str(server.fw))
    assert not [name for name in environment.variables if 'evil' in name or name.startswith(('BASH_FUNC', '__'))]


@pytest.mark.parametrize('ending', ['exit 0', 'exec true', 'kill -9 $$', 'if then', 'set -e; false; true'])
def test_a_profile_that_ends_the_shell_is_told(server, ending):
    server.profile.write('echo the reason >&2\n%s\n' % ending, mode='a')
    if ending == 'if then':
        # A script that bash cannot read as a whole sets what stands above the fault, and says where the fault is.
        server.profile.write('if then\n')
    with pytest.raises(AdministratorError) as caught:
        server.environment()
    assert caught.value.path == str(server.profile)
    assert ('the reason' if ending != 'if then' else 'syntax error') in caught.value.found


def test_a_profile_that_hangs_is_killed(server):
    server.profile.write('sleep 600\n', mode='a')
    began = time.time()
    with pytest.raises(AdministratorError) as caught:
        read_environment(str(server.profile), timeout=0.5)
    assert time.time() - began < 10
    assert 'did not end within 0.5 s' in caught.value.message


def test_a_profile_of_something_else_is_refused_even_where_cpdir_is_inherited(server, monkeypatch):
    monkeypatch.setenv('CPDIR', '/inherited')
    server.profile.write('export OTHER=1\n')
    with pytest.raises(AdministratorError, match='not one of Check Point'):
        server.environment()


def test_the_own_locale_is_kept_for_what_is_started_later(server, monkeypatch):
    monkeypatch.setenv('LC_ALL', 'C.UTF-8')
    assert server.environment().variables['LC_ALL'] == 'C.UTF-8'
    monkeypatch.delenv('LC_ALL')
    assert 'LC_ALL' not in server.environment().variables
    server.profile.write('export LC_ALL=en_US.UTF-8\n', mode='a')
    assert server.environment().variables['LC_ALL'] == 'en_US.UTF-8'


def test_the_error_names_every_place_that_was_tried(server, monkeypatch):
    places = (str(server.folder.join('none', 'CP.sh')), str(server.bin))
    monkeypatch.setattr(subject, 'KNOWN_PROFILES', places)
    monkeypatch.setattr(subject, 'PROFILE_PATTERN', str(server.folder.join('CPshrd-*', 'tmp', '.CPprofile.sh')))
    monkeypatch.delenv('CPDIR', raising=False)
    with pytest.raises(AdministratorError) as caught:
        read_environment()
    assert '%s (No such file or directory)' % places[0] in caught.value.found
    assert '%s (not a regular file)' % places[1] in caught.value.found
    with pytest.raises(AdministratorError) as caught:
        read_environment(places[0])
    assert caught.value.path == places[0] and 'No such file' in caught.value.found


def test_the_newest_release_is_taken(server, monkeypatch):
    monkeypatch.setattr(subject, 'KNOWN_PROFILES', ())
    monkeypatch.setattr(subject, 'PROFILE_PATTERN', str(server.folder.join('CPshrd-*', 'tmp', '.CPprofile.sh')))
    monkeypatch.delenv('CPDIR', raising=False)
    for release in ('R80', 'R81.9', 'R81.10'):
        folder = server.folder.ensure('CPshrd-' + release, 'tmp', dir=True)
        server.profile.copy(folder.join('.CPprofile.sh'))
    assert read_environment().profile == str(server.folder.join('CPshrd-R81.10', 'tmp', '.CPprofile.sh'))


def test_a_missing_program_or_folder_is_told_with_the_profile(server):
    environment = server.environment()
    server.bin.join('cpstop').write('no program\n')
    for ask, argument in ((environment.program, 'cpstop'), (environment.run, ['cpstop']), (environment.folder, 'UEPMDIR')):
        with pytest.raises(AdministratorError) as caught:
            ask(argument)
        assert str(server.profile) in str(caught.value)


def test_relative_folders_on_the_path_are_passed_over(server, monkeypatch):
    monkeypatch.chdir(str(server.bin))
    server.tool('cpstop', 'true\n')
    environment = Environment('/profile', {'PATH': '.::bin', 'CPDIR': str(server.cp)})
    with pytest.raises(AdministratorError, match='the program is not there'):
        environment.program('cpstop')
    server.cp.mkdir('bin').join('cpstop').write('#!/bin/sh\n')
    server.cp.join('bin', 'cpstop').chmod(0o755)
    assert environment.program('cpstop') == str(server.cp.join('bin', 'cpstop'))


def test_output_of_a_program_that_hangs_is_an_error(server):
    server.tool('hang', 'echo so far; sleep 600\n')
    with pytest.raises(AdministratorError) as caught:
        server.environment().output(['hang', 'now'], timeout=0.3)
    assert caught.value.path == 'hang now' and caught.value.found == 'so far'


@pytest.mark.parametrize('mode', [0o666, 0o646])
def test_profile_that_others_can_write_is_refused(server, mode):
    """It would be sourced with the rights of this user."""
    mark = server.folder.join('sourced')
    server.profile.write('touch %s\n' % mark, mode='a')
    server.profile.chmod(mode)
    with pytest.raises(AdministratorError, match='can be written by others') as caught:
        server.environment()
    assert caught.value.path == str(server.profile) and 'mode %04o' % mode in caught.value.found and 'user %d' % os.geteuid() in caught.value.found
    assert not mark.exists()


def test_profile_of_another_user_is_refused(server):
    if os.geteuid() != 0:
        pytest.skip('only root can give a file away')
    os.chown(str(server.profile), 12345, 12345)
    with pytest.raises(AdministratorError, match='can be written by others') as caught:
        server.environment()
    assert 'user 12345' in caught.value.found


def test_profile_in_a_directory_that_others_can_write_is_refused(server):
    server.folder.chmod(0o777)
    with pytest.raises(AdministratorError, match='can be written by others') as caught:
        server.environment()
    assert 'mode 0777' in caught.value.found
    # Nobody else can rename a file in there.
    server.folder.chmod(0o1777)
    assert server.environment().cp_dir == str(server.cp)


def test_directory_of_path_that_others_can_write_is_refused(server):
    """cpstop would be taken from it, by us or by another tool of the product."""
    open_to_all = server.folder.mkdir('open')
    server.profile.write('PATH=$PATH:%s; export PATH\n' % open_to_all, mode='a')
    open_to_all.chmod(0o777)
    with pytest.raises(AdministratorError, match='a directory of PATH can be written by others') as caught:
        server.environment()
    assert caught.value.path == str(open_to_all) and 'mode 0777' in caught.value.found
    open_to_all.chmod(0o755)
    assert server.environment().program('sh')


def test_a_group_of_the_system_without_a_person_in_it_is_trusted(server, monkeypatch):
    """Much of the product belongs to the group bin and can be written by it."""
    if os.geteuid() != 0:
        pytest.skip('only root can give a file to another group')
    members = [('bin', 2, 2)]
    monkeypatch.setattr(trust.pwd, 'getpwall', lambda: [pwd.struct_passwd((name, 'x', uid, gid, '', '/', '/bin/false')) for name, uid, gid in members])
    os.chown(str(server.profile), 0, 2)
    server.profile.chmod(0o664)
    assert server.environment().cp_dir == str(server.cp)
    members.append(('ada', 1000, 2))
    with pytest.raises(AdministratorError, match='can be written by others'):
        server.environment()


@pytest.mark.parametrize(
    'product,root',
    [('/opt/CPuepm-R81.20', '/'), ('/var/opt/CPuepm-R81.20', '/'), ('/lab/servers/eps1/opt/CPuepm-R80', '/lab/servers/eps1'),
     ('/opt/lab/servers/eps1/opt/CPuepm-R80', '/opt/lab/servers/eps1'), ('/srv/uepm', '/srv/uepm')],
)
def test_the_root_of_a_server_is_what_holds_its_opt(product, root):
    assert Environment('/profile', {'CPDIR': '/opt/CPshrd-R81.20', 'UEPMDIR': product}).root == root


def test_variables_are_parsed_to_the_first_sign_only():
    assert parse_variables(b'A=1\0B=x=y\0_=/bin/true\0junk\0=v\0C=\0\0') == {'A': '1', 'B': 'x=y', 'C': ''}
