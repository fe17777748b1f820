# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Check Point's tools print: the known layouts with anything in them, and then damaged."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.fuzz.damage import damaged

WATCHDOG = (
    b"APP        PID    STAT  #START  START_TIME             MON  COMMAND\n",
    b"APP        CTX        PID    STAT  #START  START_TIME             MON  COMMAND\n",
    b"CPVIEWD    8458   E     1       [17:50:44] 31/5/2019   N    cpviewd\n",
    b"FWM        0      T     3       [17:50:44] 31/5/2019   Y    fwm\n",
    b"EPM        0          7042   E     2       [10:01:02] 1/12/2026   Y    /opt/CPuepm-R81/bin/epm -a  -b\n",
    b"HISTORYD   0      T     0       Y    cpview_historyd\n",
    b"cpwd_admin: cpWatchDog is not running\n",
    b"Failed to submit request to cpWatchDog\n",
    b"CPD 99999999999 E 1 Y cpd\n",
)
ISSUED = (
    b"Operation succeeded. rc=0.\n2 certs found.\n\n",
    b"Subject = CN=cp_mgmt,O=mgmt..x7k2a9\n",
    b"Status = Valid   Kind = SIC   Serial = 13245   DP = 0\n",
    b"Not_Before: Mon Aug  4 21:06:09 2014   Not_After: Sun Aug  4 21:06:09 2019\n\n",
    b"Not_Before: Mon Foo 44 25:61:61 0000   Not_After: x\n",
    b"Comment: renewed\n",
    b"Status = Valid   Kind = IKE   Serial = " + b"7" * 60 + b"   DP = 1\n",
)
SIGN_HASH = (
    b"You have selected the signature hash function SHA-256\n",
    b"You have selected the signature hash function sha1.\n",
    b"WARNING: This hash algorithm is not supported in Check Point gateways prior to R71.\n",
    b"Are you sure? (y/n)\n",
    b"Are you sure? (y/n) :",
    b"Internal CA signature hash changed successfully.\n",
    b"Note that the signature on the Internal CA certificate has not changed\n",
    b"Operation failed. rc=-1\n",
    b"Really [y/n]: ",
)
PRODUCT = (
    b"0",
    b"1",
    b"1\n",
    b" 0 \r\n",
    b"This is Check Point's software version R81.20 - Build 059\n",
    b"R80.30",
    b"Build ",
    b"1 1",
    b"\xd9\xa1",
    b"R77_JUMBO",
)
ADDRESSES = (
    b"443",
    b"127.0.0.1:443",
    b"[::1]:443",
    b"\xd9\xa1",
    b"\xc2\xb2",
    b"[",
    b":0",
    b"65536",
    b" 1 ",
    b"9" * 5000,
)
VARIABLES = (
    b"CPDIR=/opt/CPshrd-R81",
    b"PATH=/bin",
    b"=x",
    b"_=1",
    b"A=a=b",
    b"\0",
    b"\0\0",
    b"BASH_FUNC_x%%=() { :; }",
    b"A=\n",
)


def printed(pieces: tuple[bytes, ...]) -> SearchStrategy[bytes]:
    """Lines of one tool in any order and number, damaged, or anything at all."""
    lines = st.lists(
        st.one_of(st.sampled_from(pieces), st.sampled_from(pieces), st.binary(max_size=30)), max_size=12
    ).map(b"".join)
    return st.one_of(damaged(lines, pieces), st.binary(max_size=300))


watchdog_lists = printed(WATCHDOG)
issued_lists = printed(ISSUED)
products = printed(PRODUCT + ADDRESSES)
variables = printed(VARIABLES)
# What a tool says before the answer and after it, its exit code, and whether it came to an end.
dialogues: SearchStrategy[tuple[bytes, bytes, int, bool]] = st.tuples(
    printed(SIGN_HASH), printed(SIGN_HASH), st.sampled_from([0, 0, 1, -9]), st.booleans()
)
