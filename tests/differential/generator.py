# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole configurations, made from a seed: ports, virtual hosts, and everything that can stand around them."""

from __future__ import annotations

import random

from tests.differential import words
from tests.differential.configuration import Configuration
from tests.differential.faults import insert_fault
from tests.differential.spelling import Line, Node, Raw, Section, Spelling
from tests.differential.wrapping import Wrapping

NAMES = ("a.example", "b.example", "c.example", "www.a.example", "old.example")
# The last one asks for more than most configurations have.
POLICIES = (
    (("TLSv1.2",),) * 3 + (("TLSv1.2", "TLSv1.3"),) * 2 + (("TLSv1.3",), ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"))
)
ENTRY = "conf/ssl.conf"
# One configuration in so many has a fault on purpose.
FAULTY = 0.15


def generate(seed: int) -> Configuration:
    """The configuration of this seed: always the same one."""
    return _Generator(random.Random(seed)).configuration(f"seed {seed}")


class _Generator:
    """All choices of one configuration."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.ports = chance.choice([1, 1, 2, 2, 3])
        self.wrapping = Wrapping(chance, rate=chance.choice([0.0, 0.08, 0.2, 0.35]))
        self.features: set[str] = set()
        self.main_engine = chance.random() < 0.2
        # Where few hosts say it themselves, what they inherit matters.
        self.says_protocol = chance.choice([0.3, 0.7, 0.9, 1.0])

    def hit(self, probability: float, feature: str = "") -> bool:
        """One choice; taken ones are remembered as a feature of the configuration."""
        if self.chance.random() >= probability:
            return False
        if feature:
            self.features.add(feature)
        return True

    def configuration(self, label: str) -> Configuration:
        """Put the parts together, and write them down."""
        main = [self.wrapping.around((node,)) for node in self.main_server()]
        hosts = [self.wrapping.around((host,), host=True) for host in self.virtual_hosts()]
        listens: list[tuple[Node, ...]] = [(node,) for node in self.listens()]
        parts = self.ordered(main, hosts)
        outer: list[Node] = [Line("Include", ("conf/ssl.conf",))]
        if self.hit(0.12, "directive in httpd.conf"):
            outer.insert(self.chance.randint(0, 1), words.protocol_line(self.chance))
        if self.hit(0.3, "Listen in ssl.conf"):
            parts = listens + parts
        else:
            outer = [node for group in listens for node in group] + outer
        nodes: list[Node] = [node for group in parts for node in group]
        if self.hit(0.3, "everything in IfModule"):
            nodes = [Section("IfModule", self.chance.choice(["mod_ssl.c", "ssl_module"]), tuple(nodes))]
        nodes = [*self.wrapping.definitions, *nodes]
        if self.hit(FAULTY, "fault"):
            nodes = insert_fault(self.chance, nodes)
        return self.written(label, outer, nodes)

    def ordered(self, main: list[tuple[Node, ...]], hosts: list[tuple[Node, ...]]) -> list[tuple[Node, ...]]:
        """The main server's directives before, behind or between the virtual hosts; those keep their order."""
        parts = list(hosts)
        for group in main:
            position = 0 if self.chance.random() < 0.6 else self.chance.randint(0, len(parts))
            parts.insert(position, group)
        return parts

    def written(self, label: str, outer: list[Node], nodes: list[Node]) -> Configuration:
        """Every file in its own spelling."""
        files: dict[str, bytes] = {}
        for path, content in {"httpd.conf": outer, ENTRY: nodes, **self.wrapping.files}.items():
            newline = b"\r\n" if self.hit(0.15, "CR LF") else b"\n"
            indent = self.chance.choice(["    ", "\t", "  ", ""])
            spelling = Spelling(self.chance, self.chance.choice([0.0, 0.02, 0.08, 0.2]), newline, indent)
            spelling.mixed = self.hit(0.04, "mixed line ends")
            data = spelling.write(content)
            if path != "httpd.conf" and self.hit(0.12, "no final newline"):
                data = data.rstrip(b"\r\n")
            if path != "httpd.conf" and self.hit(0.02, "backslash at the end"):
                data += self.chance.choice([b"\\", b"\\\n", b"# \\\n", b"\n# \\"])
            files[path] = data
            self.features |= spelling.used
        names = [*NAMES, "x.wild.example"]
        policy = self.chance.choice(POLICIES)
        features = frozenset(self.features | self.wrapping.used)
        return Configuration(label, files, self.ports, tuple(names), policy, features, dict(self.wrapping.links))

    # -- the parts

    def listens(self) -> list[Node]:
        """One Listen for each port."""
        made: list[Node] = []
        for number in range(1, self.ports + 1):
            forms = [("@HOST@:@P%d@",)] * 6 + [
                ("@P%d@",),
                ("0.0.0.0:@P%d@",),
                ("[::1]:@P%d@",),
                ("@HOST@:@P%d@", "http"),
            ]
            if self.hit(0.06, "Listen https"):
                forms = [("@HOST@:@P%d@", "https")]
            form = self.chance.choice(forms)
            made.append(Line("Listen", (form[0] % number, *form[1:])))
            if form[0].startswith("[::1]"):
                made.append(Line("Listen", (f"@HOST@:@P{number}@",)))
        return made

    def main_server(self) -> list[Node]:
        """Directives outside of virtual hosts."""
        made: list[Node] = []
        if self.main_engine:
            self.features.add("main server serves TLS")
            made.append(Line("SSLEngine", ("on",)))
        if self.hit(0.6, "main SSLProtocol"):
            made.append(words.protocol_line(self.chance, 0.3))
            if self.hit(0.12, "main SSLProtocol repeated"):
                made.append(words.protocol_line(self.chance))
        if self.hit(0.06, "SSLOpenSSLConfCmd"):
            made.append(words.override_line(self.chance))
        if self.hit(0.06, "noise"):
            made.append(self.noise())
        return made

    def virtual_hosts(self) -> list[Node]:
        """The virtual hosts of all ports."""
        made: list[Node] = []
        for number in range(1, self.ports + 1):
            fewest = 0 if self.main_engine else 1
            for _host in range(self.chance.choice([fewest, 1, 2, 2, 3])):
                made.append(self.virtual_host(number))
        if self.hit(0.15, "hosts mixed"):
            self.chance.shuffle(made)
        return made

    def addresses(self, number: int) -> str:
        """What stands in the opening of a virtual host."""
        forms = ["*:@P{0}@"] * 6 + ["@HOST@:@P{0}@"] * 6 + ["_default_:@P{0}@"] * 2
        if self.hit(0.15, "odd address"):
            forms = [
                "*",
                "@HOST@",
                "@HOST@:*",
                "*:*",
                "127.0.0.1:@P{0}@",
                "[::1]:@P{0}@",
                "@HOST@:@P{0}@ [::1]:@P{0}@",
                "_default_",
            ]
            forms += ["@HOST@:@P{0}@ *:@P{0}@", "0.0.0.0:@P{0}@", "localhost:@P{0}@", '"*:@P{0}@"']
        text = self.chance.choice(forms).format(number)
        if self.ports > 1 and self.hit(0.06, "host on two ports"):
            text += f" *:@P{number % self.ports + 1}@"
        return text

    def virtual_host(self, number: int) -> Section:
        """One virtual host."""
        addresses = self.addresses(number)
        # Of a host without a name that has an address, httpd asks the machine's DNS for the name.
        body: list[Node] = [*self.naming(nameless=all(one[0] in "*_" for one in addresses.split()))]
        engine = self.chance.random()
        if engine < (0.5 if self.main_engine else 0.88):
            body.append(Line("SSLEngine", ("on",)))
        elif engine < 0.92:
            self.features.add("SSLEngine off")
            body.append(Line("SSLEngine", ("off",)))
        elif engine < 0.94:
            self.features.add("SSLEngine optional")
            body.append(Line("SSLEngine", ("optional",)))
        if self.hit(self.says_protocol):
            body.insert(self.chance.randint(0, len(body)), words.protocol_line(self.chance))
            if self.hit(0.12, "SSLProtocol repeated"):
                body.insert(self.chance.randint(0, len(body)), words.protocol_line(self.chance, 0.3))
        if self.hit(0.05, "SSLOpenSSLConfCmd"):
            body.insert(self.chance.randint(0, len(body)), words.override_line(self.chance))
        if self.hit(0.12, "noise"):
            body.append(self.noise())
        inside: list[Node] = []
        for node in body:
            inside += self.wrapping.around((node,), inside=True)
        return Section("VirtualHost", addresses, tuple(inside))

    def naming(self, nameless: bool) -> list[Node]:
        """ServerName and ServerAlias."""
        made: list[Node] = []
        if not (nameless and self.hit(0.15, "no ServerName")):
            name = self.chance.choice(NAMES[:4])
            form = self.chance.choice(["{}"] * 8 + ["{}:443", "https://{}", "http://{}:80"])
            made.append(Line("ServerName", (form.format(name.upper() if self.hit(0.08, "upper-case name") else name),)))
        if self.hit(0.3, "ServerAlias"):
            some = [*NAMES, "*.wild.example", "?.example", "*"]
            made.append(Line("ServerAlias", tuple(self.chance.sample(some, self.chance.randint(1, 2)))))
        return made

    def noise(self) -> Node:
        """Something that has nothing to do with it, or only looks so."""
        looks = Line("SSLProxyProtocol", ("all", "-SSLv3"))
        kinds: list[Node] = [
            looks,
            Line("SSLHonorCipherOrder", ("on",)),
            Section("Location", "/x", (Raw(b"Require all denied"),)),
            Section("Directory", '"/var/SSLProtocol all"', (Line("SSLOptions", ("+StdEnvVars",)),)),
            Line("SSLStrictSNIVHostCheck", ("on",)),
            Line("UseCanonicalName", ("Off",)),
            Line("Protocol", ("https",)),
            Line("SSLCipherSuite", ("TLSv1.3", "TLS_AES_256_GCM_SHA384")),
            Section("If", "\"%{HTTP_HOST} == 'x'\"", (Raw(b"SSLRequireSSL"),)),
        ]
        return self.chance.choice(kinds)
