# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Any Python 3.11 or later of the machine. Everything else comes into .venv and .cache of this checkout.
PYTHON ?= python3
RUN := $(PYTHON) tools/environment.py python3
# For `make test`: names or groups of stages of tools/stages.mk, for example STAGES="lint unit".
STAGES ?= gate
# For `make test-all`: its long groups take turns, TURN=auto by the number of the commit, or one is named. Empty: all of them.
TURN ?=
# For `make test-matrix`: exact releases of ansible-core. Empty: those of tools/matrix.py.
RELEASES ?=
# For `make fuzz`.
MINUTES ?= 10

.PHONY: help setup setup-demo demo demo-fault test test-all test-faults test-matrix lint format changelog benchmark fuzz clean

help: ## What can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

setup: ## Install what the tests need: packages of the distribution, a virtual environment
	@$(PYTHON) tools/setup.py test

setup-demo:
	@$(PYTHON) tools/setup.py demo

demo: setup-demo ## Raise a fleet on this machine, audit it, harden it, audit it again
	@$(RUN) tools/demo.py

demo-fault: setup-demo ## The same with a server that does not come back: what a roll-out does then
	@$(RUN) tools/demo.py --fault

test: setup ## Everything that a change needs before it lands
	@$(RUN) tools/test.py $(STAGES)

test-all: setup ## What make test leaves out: faults, every Python in full, other releases of ansible-core
	@$(RUN) tools/test.py rest TURN=$(TURN)

test-faults: setup ## Crashes, full disks, lost links and killed runs, against the promises of the design
	@$(RUN) tools/test.py faults

test-matrix: setup ## The playbooks and modules under each supported release of ansible-core
	@$(RUN) tools/matrix.py $(RELEASES)

lint: ## The stages that only read: half a minute, and no package of the distribution
	@$(PYTHON) tools/setup.py lint
	@$(RUN) tools/test.py lint

format: setup ## Bring Python code into the form that lint asks for
	@$(PYTHON) tools/environment.py ruff format
	@$(PYTHON) tools/environment.py ruff check --fix

changelog: setup ## Write CHANGELOG.md from changelogs/fragments
	@$(RUN) tools/changelog.py

benchmark: setup ## Speed beside other tools, and how it grows
	@$(PYTHON) tools/setup.py benchmark
	@$(RUN) tools/benchmark.py

fuzz: setup ## Search by chance: properties with new examples, then malformed input for MINUTES, with libFuzzer too
	@$(PYTHON) tools/setup.py fuzz
	@$(PYTHON) tools/environment.py env HYPOTHESIS_PROFILE=search python3 -m pytest -q tests/unit/property
	@$(PYTHON) tools/environment.py $(CURDIR)/.cache/venv-fuzz/bin/python tests/fuzz/run.py --minutes $(MINUTES)

clean: ## Remove everything that was made here, a lab that stands included
	@$(PYTHON) tools/clean.py
