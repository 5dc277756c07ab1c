"""Certificates for the nodes of the lab, good ones and others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from doctor.breaking import restart_libvirtd
from lab import Lab

PKI = "/etc/pki"
LIBVIRTD_CONF = "/etc/libvirt/libvirtd.conf"
_EXPIRES_WHILE_IT_RUNS = "tls_no_sanity_certificate = 1"
"""With an expired one libvirtd would not start; one that runs never looks again."""


class Authority:
    """A CA, and what it signs."""

    def __init__(self, name: str = "lab CA") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=False,
            encipher_only=False,
            decipher_only=False,
        )
        self.certificate = (
            self._builder(self._name, self._key.public_key(), days=(-1, 365))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, days: tuple[float, float]
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=days[0]))
            .not_valid_after(now + timedelta(days=days[1]))
        )

    def issue(
        self, *names: str, days: tuple[float, float] = (-1, 365), common: str = ""
    ) -> tuple[str, str]:
        """Certificate and key as PEM, for these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common or names[0])])
        builder = self._builder(subject, key.public_key(), days)
        if names:
            alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
            builder = builder.add_extension(alternatives, critical=False)
        secret = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return pem(builder.sign(self._key, hashes.SHA256())), secret.decode()

    def equip(self, lab: Lab, node: str, *, expired: bool) -> None:
        """Have a node's libvirtd listen for TLS, with a certificate of this CA."""
        certificate, key = self.issue(node, days=(-30, -1) if expired else (-1, 365))
        client, client_key = self.issue(node)
        for path, text in (
            ("CA/cacert.pem", pem(self.certificate)),
            ("libvirt/servercert.pem", certificate),
            ("libvirt/private/serverkey.pem", key),
            ("libvirt/clientcert.pem", client),
            ("libvirt/private/clientkey.pem", client_key),
        ):
            lab.run(node, "install", "-D", "-m", "600", "/dev/stdin", f"{PKI}/{path}", stdin=text)
        _listen(lab, node, "listen_tls = 0", f"listen_tls = 1\\n{_EXPIRES_WHILE_IT_RUNS}")

    def strip(self, lab: Lab, node: str) -> None:
        """Undo it."""
        lab.run(node, "sed", "-i", f"/{_EXPIRES_WHILE_IT_RUNS}/d", LIBVIRTD_CONF)
        _listen(lab, node, "listen_tls = 1", "listen_tls = 0")
        lab.run(node, "rm", "-rf", f"{PKI}/CA", f"{PKI}/libvirt")


def _listen(lab: Lab, node: str, old: str, new: str) -> None:
    lab.run(node, "sed", "-i", f"s/{old}/{new}/", LIBVIRTD_CONF)
    restart_libvirtd(lab, node)


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
