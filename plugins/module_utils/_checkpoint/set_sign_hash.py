# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The dialogue of ``cpca_client set_sign_hash``: its own question is answered, and anything that it does not say plainly is a failure."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import re

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.dialogue import converse
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError

SIGN_HASHES = ('sha1', 'sha256', 'sha384', 'sha512')

# White space within a line only, and never looked through twice: a tool that says nothing but empty lines must not cost minutes.
_SELECTED = re.compile(r'^[^\S\n]*You have selected the signature hash function[^\S\n]+(\S+?)\.?[^\S\n]*$', re.MULTILINE)
_QUESTION = re.compile(r'^[^\S\n]*Are you sure[^\S\n]*\?[^\S\n]*\(y/n\)(?:[^\S\n]*:)?\s*\Z', re.MULTILINE | re.IGNORECASE)
_SUCCESS = re.compile(r'^[^\S\n]*Internal CA signature hash changed successfully\.?[^\S\n]*$', re.MULTILINE)
_FAILURE = re.compile(r'\b(?:fail|error|denied|refused)', re.IGNORECASE)

_NOT_CHANGED = 'the question was not answered, so the hash is as it was before'
_NOT_KNOWN = 'it is not known which hash the CA signs with from now on, and the record of changes says so'
_NEXT = 'see with "cpstat ca" whether the CA runs, run "cpca_client set_sign_hash %s" by hand, then run this again'


def set_sign_hash(environment, algorithm, forget, timeout=60.0):
    """Tell the internal CA which hash to sign with.

    :param algorithm: one of SIGN_HASHES
    :param forget: function that is called before what is recorded about the hash may become wrong
    :returns: what the tool said
    :raises AdministratorError: when it did not ask its question, asked another, selected another hash, did not end, or did not say plainly
        that the hash was changed; the error tells what is known about the hash then
    """
    argv = [environment.program('cpca_client'), 'set_sign_hash', algorithm]

    def approve(text):
        fault = check_selection(text, algorithm)
        if fault:
            raise _failure(argv, algorithm, fault, text, _NOT_CHANGED)
        try:
            forget()
        except AdministratorError as error:
            raise error.with_state(_NOT_CHANGED)

    transcript = converse(argv, environment.variables, _QUESTION, b'y\n', approve, timeout)
    fault = check_transcript(transcript, timeout)
    said = transcript.before + transcript.after
    if fault is None:
        return said
    # Without an answer nothing has changed, unless the tool says in words or by its exit code that it did something all the same.
    if not transcript.answered and not _SUCCESS.search(said) and transcript.rc != 0:
        raise _failure(argv, algorithm, fault, said, _NOT_CHANGED)
    forget()
    raise _failure(argv, algorithm, fault, said, _NOT_KNOWN)


def check_selection(text, algorithm):
    """What is wrong with what the tool said before its question; None when nothing is.

    :param text: all of it, up to the question
    """
    selected = [name.replace('-', '').lower() for name in _SELECTED.findall(text)]
    if selected == [algorithm]:
        return None
    return 'the tool did not say that it selected %s' % algorithm.upper()


def check_transcript(transcript, timeout):
    """What is wrong with a whole dialogue; None when the tool asked, was answered, and said plainly that the hash was changed."""
    if transcript.unexpected is not None:
        return 'the tool asked an unknown question, which was not answered: %s' % transcript.unexpected
    if transcript.timed_out:
        return 'the tool did not end within %g s and was killed' % timeout
    if not transcript.answered:
        return 'the tool did not ask its question'
    if not _SUCCESS.search(transcript.after):
        return 'the tool did not say that the hash was changed'
    if transcript.rc != 0:
        return 'the tool said that the hash was changed and ended with exit code %s' % transcript.rc
    if _FAILURE.search(transcript.after):
        return 'the tool said that the hash was changed and that something failed'
    return None


def _failure(argv, algorithm, fault, said, state):
    return AdministratorError(
        fault,
        path=' '.join(argv),
        expected='the question "Are you sure? (y/n)" and then "Internal CA signature hash changed successfully."',
        found='\n'.join(said.strip().splitlines()[-8:]) or 'no output',
        state=state,
        next_step=_NEXT % algorithm,
    )
