"""The key behind a signature: read once per process, however many documents it signs."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from asn1crypto import keys, x509  # type: ignore[import-untyped]
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from pyhanko.sign.signers import SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

# Of a CMS signature without its certificates: the attributes and the signature of an RSA key of 8192 bits stay below.
BARE_SIGNATURE_BYTES = 4096


class KeySigner(SimpleSigner):
    """A signer that keeps its RSA key open: reading one of 3072 bits proves its primes anew, which takes 150 ms."""

    key: Any

    def sign_raw(self, data: bytes, digest_algorithm: str) -> bytes:
        if isinstance(self.key, RSAPrivateKey) and not self.prefer_pss:
            return self.key.sign(data, PKCS1v15(), getattr(hashes, digest_algorithm.upper())())
        raw: bytes = super().sign_raw(data, digest_algorithm)
        return raw


def signer_of(p12: bytes) -> KeySigner:
    """The signer of a PKCS#12 without a passphrase. ValueError when it holds no key that can sign."""
    key, certificate, others = _opened(p12)
    if key is None or certificate is None:
        raise ValueError("no key or no certificate")
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple([_asn1(other) for other in others])
    # Built anew for each document: asn1crypto's objects change while they are read, and jobs run in threads.
    private = keys.PrivateKeyInfo.load(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    signer = KeySigner(_asn1(certificate), private, store)
    signer.key = key
    return signer


def room_for(signer: KeySigner) -> int:
    """Hexadecimal digits that a signature may take: counted, where pyHanko would sign once more to see."""
    certificates = [signer.signing_cert, *signer.cert_registry]
    return 2 * (BARE_SIGNATURE_BYTES + sum(len(certificate.dump()) for certificate in certificates))


def _asn1(certificate: Any) -> x509.Certificate:
    return x509.Certificate.load(certificate.public_bytes(Encoding.DER))


@lru_cache(maxsize=8)
def _opened(p12: bytes) -> tuple[Any, Any, list[Any]]:
    return pkcs12.load_key_and_certificates(p12, None)
