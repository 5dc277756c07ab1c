"""Topic 1, for those who migrate over TLS: certificates there, valid, and for the right names.

Paths: libvirt's "TLS setup" page, libvirtd.conf `ca_file`, `cert_file`, `key_file`. Only the public
parts are read; of the keys, whether they are there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from backends.data.examination import Cure, Finding, Output, Probe, State, Topic
from backends.doctor.case import Case
from backends.doctor.listening import daemon_of, used_transports
from backends.doctor.shared import unanswered
from backends.doctor.uris import TLS, host_of, remote_uri, routes, transport_of

PROBE = Probe(
    "certificates",
    r"""
set_to() {
  sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*\"\(.*\)\".*/\1/p" \
    /etc/libvirt/libvirtd.conf /etc/libvirt/virtproxyd.conf 2>/dev/null | tail -n 1
}
show() {
  printf '#%s %s\n' "$1" "$2"
  [ "$1" = key ] && { [ -s "$2" ] && echo there; return; }
  sed -n '/-BEGIN CERTIFICATE-/,/-END CERTIFICATE-/p' "$2" 2>/dev/null
}
ca=$(set_to ca_file); cert=$(set_to cert_file); key=$(set_to key_file)
show ca "${ca:-/etc/pki/CA/cacert.pem}"
show server "${cert:-/etc/pki/libvirt/servercert.pem}"
show key "${key:-/etc/pki/libvirt/private/serverkey.pem}"
show client /etc/pki/libvirt/clientcert.pem
show key /etc/pki/libvirt/private/clientkey.pem
true
""",
)
SOON = timedelta(days=30)
_CHECK = "certificates"
_WHY = "a migration over TLS that needs this certificate fails at once"
_DOC = "https://libvirt.org/kbase/tlscerts.html"


@dataclass(frozen=True, slots=True)
class Store:
    """What lies on one node: the certificates in each file, and the keys that are missing."""

    ca: tuple[x509.Certificate, ...] = ()
    server: x509.Certificate | None = None
    client: x509.Certificate | None = None
    paths: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()

    def path(self, kind: str) -> str:
        return dict(self.paths).get(kind, kind)


def probes(case: Case, node: str) -> Iterator[Probe]:
    if TLS in used_transports(case):
        yield PROBE


def judge(case: Case) -> Iterator[Finding]:
    vms = used_transports(case).get(TLS, ())
    if not vms:
        yield Finding(Topic.LIBVIRT, _CHECK, State.NOT_USED, "no VM migrates over TLS")
        return
    outputs = {node: case.output(node, PROBE.name) for node in case.nodes if case.answered(node)}
    stores = {node: store_of(output) for node, output in outputs.items() if output.ok}
    for node, output in outputs.items():
        if node not in stores:
            yield unanswered(Topic.LIBVIRT, _CHECK, node, "its certificates", output)
            continue
        now = datetime.fromtimestamp(case.facts[node].answered_at, UTC)
        found = list(_judge_node(case, node, stores, now))
        yield from (
            Finding(
                Topic.LIBVIRT,
                _CHECK,
                state,
                seen,
                _WHY,
                node,
                cures=_cures(daemon_of(case, node).name),
                concerns=vms,
            )
            for state, seen in found
        )
        if not found:
            seen = f"good until {_end(stores[node]):%Y-%m-%d}"
            yield Finding(Topic.LIBVIRT, _CHECK, State.OK, seen, node=node, concerns=vms)


def store_of(output: Output) -> Store:
    """What the probe printed."""
    certificates: dict[str, tuple[x509.Certificate, ...]] = {}
    paths: list[tuple[str, str]] = []
    missing: list[str] = []
    damaged: list[str] = []
    for section in re.split(r"^#", output.stdout, flags=re.MULTILINE)[1:]:
        head, _, body = section.partition("\n")
        kind, _, path = head.partition(" ")
        if not body.strip():
            missing.append(path)
        elif kind != "key":
            paths.append((kind, path))
            try:
                certificates[kind] = tuple(x509.load_pem_x509_certificates(body.encode()))
            except ValueError:
                damaged.append(path)
    server, client = certificates.get("server", ()), certificates.get("client", ())
    return Store(
        certificates.get("ca", ()),
        server[0] if server else None,
        client[0] if client else None,
        tuple(paths),
        tuple(missing),
        tuple(damaged),
    )


def _judge_node(
    case: Case, node: str, stores: dict[str, Store], now: datetime
) -> Iterator[tuple[State, str]]:
    store = stores[node]
    for path in store.missing:
        yield State.WRONG, f"{path} is missing"
    for path in store.damaged:
        yield State.WRONG, f"{path} cannot be read as a certificate"
    for kind, certificate in _each(store):
        start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if now > end:
            yield State.WRONG, f"{store.path(kind)} expired on {end:%Y-%m-%d}"
        elif now < start:
            yield State.WRONG, f"{store.path(kind)} is valid only from {start:%Y-%m-%d}"
        elif end - now < SOON:
            yield State.WARNING, f"{store.path(kind)} expires on {end:%Y-%m-%d}"
    for kind, own in (("server", store.server), ("client", store.client)):
        for other, theirs in stores.items():
            if own is not None and theirs.ca and not _issued_by(own, theirs.ca):
                whose = "its own CA" if other == node else f"the CA that {other} trusts"
                yield State.WRONG, f"{store.path(kind)} is not issued by {whose}"
    if store.server is not None:
        names = names_in(store.server)
        for name in _names_used(case, node):
            if not any(_matches(name, pattern) for pattern in names):
                yield State.WRONG, f"{store.path('server')} is for {', '.join(names)}, not {name}"


def _each(store: Store) -> Iterator[tuple[str, x509.Certificate]]:
    for certificate in store.ca:
        yield "ca", certificate
    for kind, own in (("server", store.server), ("client", store.client)):
        if own is not None:
            yield kind, own


def _end(store: Store) -> datetime:
    return min(certificate.not_valid_after_utc for _, certificate in _each(store))


def _issued_by(certificate: x509.Certificate, authorities: tuple[x509.Certificate, ...]) -> bool:
    for authority in authorities:
        try:
            certificate.verify_directly_issued_by(authority)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return True
    return False


def names_in(certificate: x509.Certificate) -> tuple[str, ...]:
    """The names it is for; the common name counts only where it has no others."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return tuple(str(each.value) for each in common)
    addresses = (str(address) for address in found.get_values_for_type(x509.IPAddress))
    return (*found.get_values_for_type(x509.DNSName), *addresses)


def _matches(name: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return name.partition(".")[2].lower() == pattern[2:].lower()
    return name.lower() == pattern.lower()


def _names_used(case: Case, node: str) -> list[str]:
    uris = {remote_uri(route, node) for route, _ in routes(case)}
    return sorted({host_of(uri) for uri in uris if transport_of(uri) == TLS} - {""})


def _cures(daemon: str) -> tuple[Cure, ...]:
    return (
        Cure(
            (
                "certtool --generate-certificate --template server.info "
                "--load-privkey /etc/pki/libvirt/private/serverkey.pem "
                "--load-ca-certificate /etc/pki/CA/cacert.pem --load-ca-privkey cakey.pem "
                "--outfile /etc/pki/libvirt/servercert.pem",
                f"virt-admin -c {daemon}:///system server-update-tls {daemon}"
                "    # or restart the daemon",
                f"see {_DOC}",
            )
        ),
    )
