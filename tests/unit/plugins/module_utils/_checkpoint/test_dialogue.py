# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import os
import re
import sys
import time

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint import dialogue
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.dialogue import converse
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError

QUESTION = re.compile(r'^Sure\? \(y/n\)\s*\Z', re.MULTILINE)


@pytest.fixture(autouse=True)
def short_silence(monkeypatch):
    monkeypatch.setattr(dialogue, 'QUIET_SECONDS', 0.3)


@pytest.fixture
def talk(server):
    """Function that runs a shell script as the other side of a dialogue."""

    def run(script, timeout=5.0, approve=lambda text: None, program='tool'):
        server.tool('tool', script)
        return converse([str(server.bin.join(program))], dict(os.environ), QUESTION, b'y\n', approve, timeout)

    return run


def test_the_question_is_answered_once(talk):
    found = talk('echo before; printf "Sure? (y/n)"; read answer; echo "got $answer"; read more || echo end; exit 3\n', timeout=2)
    assert found.before == 'before\nSure? (y/n)'
    assert found.answered and found.after.startswith('got y\n')
    # No second answer comes, and none ends the waiting: the program still asks when its time is over.
    assert found.timed_out


def test_the_end_is_reported_with_its_exit_code(talk):
    found = talk('echo "Sure? (y/n)"; read answer; echo "got $answer"; exit 3\n')
    assert (found.rc, found.timed_out, found.unexpected, found.answered, found.after) == (3, False, None, True, 'got y\n')


def test_a_program_that_keeps_its_output_back_for_pipes_is_answered_too(server, talk):
    script = server.write('buffered.py', 'import sys\nsys.stdout.write("Sure? (y/n)\\n")\nprint("got " + sys.stdin.readline())\n')
    found = talk('exec %s %s\n' % (sys.executable, script))
    assert found.answered and 'got y' in found.after and found.rc == 0


def test_a_program_that_asks_nothing_is_not_answered(talk):
    found = talk('echo done\n')
    assert (found.answered, found.before, found.rc) == (False, 'done\n', 0)


@pytest.mark.parametrize('prompt', ['Delete everything? (y/n)', 'Name:', 'Password: ', 'more>', 'Sure? (y/n) [default n]?', 'Continue [Y/N]'])
def test_another_question_is_not_answered(talk, server, prompt):
    mark = server.folder.join('answer')
    began = time.time()
    found = talk('printf "%s"; read answer && echo "$answer" > %s\n' % (prompt, mark), timeout=20)
    assert time.time() - began < 10
    assert (found.answered, found.unexpected) == (False, prompt.strip())
    assert not mark.exists()


def test_a_second_question_is_not_answered(talk, server):
    mark = server.folder.join('answer')
    found = talk('printf "Sure? (y/n)"; read one; printf "Really sure? (y/n)"; read two && echo "$two" > %s\n' % mark, timeout=20)
    assert (found.answered, found.unexpected) == (True, 'Really sure? (y/n)')
    assert not mark.exists()


def test_work_after_the_answer_is_waited_for_whatever_its_text_ends_with(talk):
    found = talk('printf "Sure? (y/n)"; read one; printf "Working: "; sleep 1; echo done\n')
    assert (found.unexpected, found.after, found.rc) == (None, 'Working: done\n', 0)


@pytest.mark.parametrize('script', ['sleep 600', 'echo "Sure? (y/n)"; read answer; sleep 600', 'exec 1>&- 2>&- 0<&-; sleep 600'])
def test_a_program_that_hangs_is_killed(talk, server, script):
    number = server.folder.join('number')
    began = time.time()
    found = talk('echo $$ > %s\n%s\n' % (number, script), timeout=0.7)
    assert time.time() - began < 8
    assert found.timed_out
    with pytest.raises(OSError):
        os.kill(int(number.read()), 0)


def test_a_flood_does_not_fill_the_memory(talk):
    found = talk('exec yes\n', timeout=1.5)
    assert found.timed_out and len(found.before) < 1 << 21


def test_a_refusal_ends_the_program_unanswered(talk, server):
    mark = server.folder.join('answer')
    seen = []

    def refuse(text):
        seen.append(text)
        raise AdministratorError('refused')

    with pytest.raises(AdministratorError, match='refused'):
        talk('echo hello; printf "Sure? (y/n)"; read answer && echo "$answer" > %s\n' % mark, approve=refuse)
    time.sleep(0.2)
    assert seen == ['hello\nSure? (y/n)'] and not mark.exists()


def test_odd_bytes_and_line_ends(talk):
    found = talk('printf "\\377\\376 odd\\r\\nSure? (y/n)\\r\\n"; read answer; printf "got %s\\r\\n" "$answer"\n')
    assert found.answered and found.before.startswith(u'\ufffd\ufffd odd\nSure?') and found.after == 'got y\n'


def test_a_program_that_cannot_be_started_is_an_error(talk):
    with pytest.raises(AdministratorError, match='could not be started'):
        talk('true\n', program='none')


def test_a_server_without_free_terminals(talk, monkeypatch):
    def none_left():
        raise OSError('out of pty devices')

    monkeypatch.setattr(dialogue.pty, 'openpty', none_left)
    with pytest.raises(AdministratorError, match='a free pseudo terminal, below /dev/pts.*out of pty devices'):
        talk('echo "Sure? (y/n)"; read answer\n')
