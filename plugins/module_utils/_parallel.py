# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Ask a server several questions at the same time: each waits for a process or a connection, and none for another."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import threading
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError

Outcome = namedtuple('Outcome', ['value', 'error'])


def ask_all(questions):
    """Call functions at the same time and wait for all of them.

    :param questions: dictionary of name to function without arguments
    :returns: dictionary of name to Outcome: the ``value`` that the function returned, or the AdministratorError that it raised
    :raises Exception: whatever else one of them raised
    """
    outcomes, surprises = {}, []

    def answer(name, function):
        try:
            outcomes[name] = Outcome(function(), None)
        except AdministratorError as error:
            outcomes[name] = Outcome(None, error)
        except Exception as error:
            surprises.append(error)

    threads = [threading.Thread(target=answer, args=item) for item in sorted(questions.items())]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if surprises:
        raise surprises[0]
    return outcomes


def values(outcomes):
    """Return the values of all outcomes by name.

    :raises AdministratorError: the error of the first, by name, that has one
    """
    for name in sorted(outcomes):
        if outcomes[name].error is not None:
            raise outcomes[name].error
    return dict((name, outcome.value) for name, outcome in outcomes.items())
