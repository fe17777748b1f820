# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint import dialogue
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.set_sign_hash import (
    SIGN_HASHES,
    check_selection,
    set_sign_hash,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError

# The command line guide, word by word; the second form has the empty lines and the name that print has.
GUIDE = """\
You have selected the signature hash function SHA-256
WARNING: This hash algorithm is not supported in Check Point gateways prior to R71.
WARNING: It is also not supported on older clients and SO80 R71.
Are you sure? (y/n)"""
PRINTED = '\n' + GUIDE.replace('SO80', 'SG80').replace('\nAre', '\n\nAre') + '\n'
SUCCESS = """\
Internal CA signature hash changed successfully.
Note that the signature on the Internal CA certificate has not changed, but this has no security implications.
"""


class Tool(object):
    """cpca_client as a script, what was set with it, and how often the caller was told to forget what it knew."""

    def __init__(self, server):
        self._server = server
        self.changed = server.folder.join('changed')
        self.forgotten = []

    def make(self, script):
        self._server.tool('cpca_client', script)

    def says(self, before=GUIDE, after=SUCCESS, rc=0):
        texts = [self._server.write(name, text) for name, text in (('before', before), ('after', after))]
        self.make(
            '[ "$1 $2" = "set_sign_hash sha256" ] || exit 9\ncat %s\nread answer\n[ "$answer" = y ] || exit 8\necho "$2" > %s\ncat %s\nexit %d\n'
            % (texts[0], self.changed, texts[1], rc)
        )

    def run(self, algorithm='sha256', timeout=10.0):
        return set_sign_hash(self._server.environment(), algorithm, lambda: self.forgotten.append(self.changed.exists()), timeout)

    def fails(self, timeout=10.0):
        with pytest.raises(AdministratorError) as caught:
            self.run(timeout=timeout)
        assert caught.value.path == '%s set_sign_hash sha256' % self._server.bin.join('cpca_client')
        assert 'cpstat ca' in caught.value.next_step
        return caught.value


@pytest.fixture
def tool(server, monkeypatch):
    monkeypatch.setattr(dialogue, 'QUIET_SECONDS', 0.3)
    return Tool(server)


@pytest.mark.parametrize(
    'before,after',
    [
        (GUIDE, SUCCESS), (GUIDE, '\n' + SUCCESS), (PRINTED, SUCCESS), (GUIDE.replace('\n', '\r\n'), SUCCESS.replace('\n', '\r\n')),
        (GUIDE + ' ', SUCCESS.splitlines()[0]), ('\n'.join(GUIDE.splitlines()[::3]), SUCCESS),
    ],
)
def test_the_documented_dialogue_succeeds(tool, before, after):
    tool.says(before, after)
    assert 'changed successfully' in tool.run()
    assert tool.changed.read() == 'sha256\n'
    # What was known is forgotten before the answer, so that being killed in between leaves nothing wrong behind.
    assert tool.forgotten == [False]


@pytest.mark.parametrize(
    'before',
    [GUIDE.replace('SHA-256', 'SHA-1'), GUIDE.replace('SHA-256', 'SHA-512'), GUIDE.replace('SHA-256', ''), 'Are you sure? (y/n)',
     GUIDE.replace('WARNING: This', 'You have selected the signature hash function SHA-1\nWARNING: This'), GUIDE.replace('SHA-256', 'SHA-256 and SHA-1')],
)
def test_another_hash_is_not_confirmed(tool, before):
    tool.says(before)
    error = tool.fails()
    assert error.message == 'the tool did not say that it selected SHA256'
    assert 'as it was before' in error.state and not tool.changed.exists() and tool.forgotten == []


@pytest.mark.parametrize(
    'after,rc,fault',
    [
        ('', 0, 'did not say that the hash was changed'),
        ('Operation failed. rc=-1\n', 1, 'did not say that the hash was changed'),
        ('Internal CA signature hash was not changed successfully.\n', 0, 'did not say that the hash was changed'),
        ('Maybe: Internal CA signature hash changed successfully. Or not.\n', 0, 'did not say that the hash was changed'),
        (SUCCESS, 1, 'ended with exit code 1'),
        (SUCCESS + 'Failed to write the database\n', 0, 'something failed'),
        (SUCCESS + 'Restart now? (y/n)\n', 0, None),
    ],
)
def test_anything_but_a_plain_success_is_a_failure_with_an_unknown_hash(tool, after, rc, fault):
    tool.says(after=after, rc=rc)
    if fault is None:
        # A last line that looks like a question, from a program that has ended, is only a line.
        tool.run()
        return
    error = tool.fails()
    assert fault in error.message
    assert 'not known which hash' in error.state and tool.forgotten[0] is False and tool.changed.exists()
    assert (after.strip().splitlines() or GUIDE.splitlines())[-1] in error.found


@pytest.mark.parametrize(
    'script,fault,known',
    [
        ('echo "Operation failed. rc=-1"; exit 1', 'did not ask its question', True),
        ('exit 1', 'did not ask its question', True),
        ('exit 0', 'did not ask its question', False),
        ('echo "Internal CA signature hash changed successfully."; exit 1', 'did not ask its question', False),
        ('echo "Type the name of the CA:"; read name; echo "$name" > changed', 'unknown question, which was not answered: Type the name', True),
        ('echo "Delete the CA? (y/n)"; read name; echo "$name" > changed', 'unknown question, which was not answered: Delete the CA', True),
        ('sleep 600', 'did not end within 1.5 s', True),
    ],
)
def test_a_tool_that_does_not_ask_its_question(tool, script, fault, known):
    tool.make(script + '\n')
    error = tool.fails(timeout=1.5)
    assert fault in error.message
    assert ('as it was before' in error.state) is known and bool(tool.forgotten) is not known
    assert not tool.changed.exists()


def test_a_tool_that_hangs_after_the_answer_leaves_the_hash_unknown(tool):
    tool.make('echo "%s"; read answer; sleep 600\n' % GUIDE)
    error = tool.fails(timeout=1.5)
    assert 'was killed' in error.message and 'not known which hash' in error.state and tool.forgotten


def test_a_second_question_is_not_answered(tool):
    tool.make('echo "%s"; read answer; echo "Are you really sure? (y/n)"; read more; echo more > %s\n' % (GUIDE, tool.changed))
    error = tool.fails()
    assert 'unknown question' in error.message and 'not known which hash' in error.state and not tool.changed.exists()


def test_when_the_record_cannot_be_written_the_question_is_not_answered(tool, server):
    tool.says()

    def fails():
        raise AdministratorError('disk full')

    with pytest.raises(AdministratorError, match='disk full') as caught:
        set_sign_hash(server.environment(), 'sha256', fails)
    assert 'as it was before' in caught.value.state and not tool.changed.exists()


def test_a_missing_tool_is_told(tool):
    with pytest.raises(AdministratorError, match='the program is not there'):
        tool.run()


@pytest.mark.parametrize('algorithm', SIGN_HASHES)
def test_each_hash_is_recognised_by_its_printed_name(algorithm):
    text = GUIDE.replace('SHA-256', algorithm.upper().replace('SHA', 'SHA-'))
    assert [check_selection(text, other) is None for other in SIGN_HASHES] == [other == algorithm for other in SIGN_HASHES]
