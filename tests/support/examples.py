# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which examples hypothesis makes: in ``make test`` the same ones in every run, in ``make fuzz`` others each time."""

from __future__ import annotations

import os

from hypothesis import settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

PROFILE = "HYPOTHESIS_PROFILE"
GATE, SEARCH = "gate", "search"


def load_profile() -> None:
    """Load the profile that the environment names, else the one of the gate. To be called before tests are decorated."""
    settings.register_profile(GATE, derandomize=True, database=None, deadline=None, print_blob=True)
    settings.register_profile(SEARCH, max_examples=1000, derandomize=False, deadline=None, print_blob=True)
    chosen = os.environ.get(PROFILE, GATE)
    settings.load_profile(chosen)
    if chosen == GATE:
        # Hypothesis also draws constants of all modules that happen to be imported at that moment, derandomized or not: then the
        # examples depend on which tests ran before in the same process. Its own cache of them is the only switch.
        vars(providers)["_get_local_constants"] = Constants
