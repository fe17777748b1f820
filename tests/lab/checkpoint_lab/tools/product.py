# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tools that tell what a server is: cpprod_util, ckp_regedit, fw, cpstat."""

from __future__ import annotations

from ..authority import Authority
from ..server import Server
from . import watchdog


def _roles(server: Server) -> dict[str, int]:
    policy = not server.management
    return {
        "UepmIsInstalled": 1,
        "UepmIsPolicyServer": int(policy),
        "UepmIsEps": 1,
        "UepmIsRhs": 0,
        "UepmGetInstallationType": 2 if policy else 1,
        "FwIsFirewallMgmt": int(server.management),
        "FwIsPrimary": int(server.primary),
        "FwIsSMCBackup": int(server.management and not server.primary),
        "FwIsHAManagement": int(server.management and bool(server.settings["secondary_exists"])),
        "FwIsActiveManagement": int(server.primary),
        "FwIsLogServer": 1,
        "FwIsStandAlone": 0,
        "FwIsVSX": 0,
        "CPPROD_IsMgmtMachine": int(server.management),
    }


def _values(server: Server) -> dict[tuple[str, str], str]:
    return {
        ("cpshared", "currentlabel"): server.release,
        ("sic", "certpath"): str(server.cp_dir / "conf/sic_cert.p12"),
        ("sic", "mysicname"): f"CN={server.settings['sic_name']},O={server.settings['organization']}",
        ("sic", "icadn"): f"O={server.settings['organization']}",
    }


def cpprod_util(server: Server, arguments: list[str]) -> int:
    """Print what a function returns; a number is the exit status too, so the status says nothing about success."""
    name = arguments[0].lower() if arguments else ""
    for known, number in _roles(server).items():
        if known.lower() == name:
            print(number)
            return number
    if name == "cpprod_getvalue" and len(arguments) >= 3:
        value = _values(server).get((arguments[1].lower(), arguments[2].lower()))
        print(value if value is not None else "")
        return 0 if value is not None else 1
    print(f"Usage: {server.cp_dir}/bin/cpprod_util [-e effective_version] funcname <arg>")
    print(
        "   Some of the functions require additional parameter(s),\n   some return integer char* or return 0/1 in status"
    )
    return 255


def ckp_regedit(server: Server, arguments: list[str]) -> int:
    """Print the SIC section of the registry on one line."""
    if arguments != ["-p", "Software/CheckPoint/SIC"]:
        print("Usage: ckp_regedit -p <key>")
        return 1
    values = _values(server)
    entries = {
        "ICAdn": values["sic", "icadn"],
        "MySICname": values["sic", "mysicname"],
        "CertPath": values["sic", "certpath"],
    }
    told = [f"{name}=[s]{value}" for name, value in entries.items()]
    if not server.primary:
        told.append(f"ICAip=[s]{server.settings['primary_address']}")
    print("{ " + " ".join(told) + " }")
    return 0


def fw(server: Server, arguments: list[str]) -> int:
    """fw ver."""
    if arguments[:1] != ["ver"]:
        print("Usage: fw <command>")
        return 1
    print(f"This is Check Point's software version {server.release} - Build {server.settings['build']}")
    return 0


def cpstat(server: Server, arguments: list[str]) -> int:
    """cpstat ca."""
    if arguments[-1:] != ["ca"] or not server.primary:
        print("cpstat: no such application flag" if arguments else "Usage: cpstat <application_flag>")
        return 1
    issued = Authority(server.ca_folder).record["issued"]
    rows = {
        "Product Name": "CP Internal CA",
        "Up and Running": int(watchdog.running(server, "cpca")),
        "Total Number of certificates": len(issued),
        "Total Number of users": 0,
        "Total Number of SIC certificates": sum(entry["kind"] == "SIC" for entry in issued),
        "Total Number of IKE certificates": sum(entry["kind"] == "IKE" for entry in issued),
        "Last CRL Distribution Point": 0,
    }
    print("\n" + "\n".join(f"{name + ':':<34}{value}" for name, value in rows.items()) + "\n")
    return 0
