# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# What `make test` and `make test-all` run: for each stage its time limit in seconds and its command. tools/test.py lets make run two
# stages at a time, in the order of GATE or REST, to the end whatever fails; tools/stage.py runs one and keeps its log.

STAGE = @python3 tools/stage.py $@
PYTEST = python3 -m pytest -q --junitxml=.cache/results/$@.xml
# Two files at a time, here and where else it says so: they wait more than they compute.
BY_FILE := --dist loadfile -n
# antsibull-docs logs to its home.
PLUGIN_DOCS := env HOME=.cache/home antsibull-docs lint-collection-docs --plugin-docs
# Code for the controller, which has types. Code for servers, and its tests, run on Python 2.7.
PLUGINS := .cache/collections/ansible_collections/checkpoint_endpoint/hardening/plugins
TYPED := benchmarks tests tools $(wildcard $(addprefix $(PLUGINS)/,filter inventory plugin_utils))
THIS = $(shell python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
UNTYPED := ^tests/unit/plugins/(modules|module_utils)/

# An error of form shows at once; then those that take long come first, so that the short fill the gaps.
LINT := ruff format mypy yamllint reuse ansible-lint plugin-docs changelog
LAB := playbooks molecule modules security lab examples
GATE := $(LINT) $(firstword $(LAB)) differential sanity targets $(wordlist 2,9,$(LAB)) unit fuzz wire package corpus
PLAYBOOKS := $(addprefix tests/playbooks/test_,there_and_back.py plan_and_consent.py)
# What a change seldom breaks. No stage here repeats one of GATE.
REST := faults-roll faults-write matrix playbooks-more sanity-all targets-all differential-more
# Of these, `make test-all TURN=auto` runs one, chosen by the number of the commit, and TURN=NAME runs that one.
LONG := faults-roll faults-write matrix
TURN ?=
NUMBER = $(shell git rev-list --count HEAD)
CHOSEN = $(if $(filter auto,$(TURN)),$(word $(shell expr $(NUMBER) % $(words $(LONG)) + 1),$(LONG)),$(TURN))

$(if $(filter-out auto $(LONG),$(TURN)),$(error TURN is auto or one of $(LONG)))
.PHONY: gate rest lint labs faults $(GATE) $(REST)
gate: $(GATE)
rest: $(filter-out $(if $(TURN),$(filter-out $(CHOSEN),$(LONG))),$(REST))
lint: $(LINT)
labs: $(LAB) playbooks-more
faults: faults-roll faults-write

ruff: ; $(STAGE) 120 ruff check --no-cache .
format: ; $(STAGE) 120 ruff format --no-cache --check .
mypy: ; $(STAGE) 300 mypy --exclude '$(UNTYPED)' $(TYPED)
yamllint: ; $(STAGE) 120 yamllint --strict .
reuse: ; $(STAGE) 120 reuse lint --quiet
ansible-lint: ; $(STAGE) 300 ansible-lint --offline --profile production --nocolor
plugin-docs: ; $(STAGE) 300 $(PLUGIN_DOCS) --validate-collection-refs all --disallow-unknown-collection-refs .
changelog: ; $(STAGE) 300 python3 tools/changelog.py --check

unit: ; $(STAGE) 1200 $(PYTEST) tests/unit -n 2
targets: ; $(STAGE) 1200 python3 tools/targets.py oldest
targets-all: ; $(STAGE) 1800 python3 tools/targets.py newer
sanity: ; $(STAGE) 1200 python3 tools/sanity.py --python $(THIS) --skip-test pylint
sanity-all: ; $(STAGE) 1200 python3 tools/sanity.py --test compile --test import --test pylint
wire fuzz corpus lab modules: ; $(STAGE) 1200 $(PYTEST) tests/$@
security: ; $(STAGE) 1200 $(PYTEST) tests/$@ $(BY_FILE) 2
playbooks: ; $(STAGE) 1200 $(PYTEST) $(PLAYBOOKS) $(BY_FILE) 2
playbooks-more: ; $(STAGE) 1800 $(PYTEST) tests/playbooks $(addprefix --ignore=,$(PLAYBOOKS)) $(BY_FILE) 2
examples: ; $(STAGE) 600 $(PYTEST) tests/docs
differential: ; $(STAGE) 900 $(PYTEST) tests/differential --differential-count 60
differential-more: ; $(STAGE) 1800 $(PYTEST) tests/differential -k test_httpd_does --differential-seed 20260060 --differential-count 240
molecule: ; $(STAGE) 1200 molecule test --all
package: ; $(STAGE) 600 python3 tools/package.py
faults-roll faults-write: ; $(STAGE) 2700 $(PYTEST) $(subst -,/,tests/$@) $(BY_FILE) 2
matrix: ; $(STAGE) 1800 python3 tools/matrix.py
