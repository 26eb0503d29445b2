# SPDX-License-Identifier: LGPL-2.1-or-later
"""A certificate authority that vouches for whatever it is told to."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


def _general_name(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key, certificate):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption()) \
        + certificate.public_bytes(serialization.Encoding.PEM)


class Authority:
    """Writes its files to a folder; `file` is what has to be trusted."""

    def __init__(self, folder, name="Authority"):
        self.folder = folder
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._certify(self.key, self.name, self.key, -1, 2, [
            x509.BasicConstraints(ca=True, path_length=None)])
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _certify(self, key, subject, signer, starts, ends, extensions):
        """`starts` and `ends`: days from now."""
        now = datetime.datetime.utcnow()
        builder = x509.CertificateBuilder().subject_name(subject).public_key(key.public_key()) \
            .serial_number(x509.random_serial_number()) \
            .issuer_name(self.name if signer is self.key else subject) \
            .not_valid_before(now + starts * DAY).not_valid_after(now + ends * DAY)
        for extension in extensions:
            builder = builder.add_extension(extension, True)
        return builder.sign(signer, hashes.SHA256())

    def issue(self, *names, starts=-1, ends=1, self_signed=False):
        """A file with key and certificate for these host names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
        certificate = self._certify(key, subject, key if self_signed else self.key, starts, ends, [
            x509.SubjectAlternativeName([_general_name(name) for name in names])])
        path = self.folder / f"server-{certificate.serial_number:x}.pem"
        path.write_bytes(_pem(key, certificate))
        return path
