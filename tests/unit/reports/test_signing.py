from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reports.errors import ReportError, SignatureRefusedError
from app.reports.signing import (
    private_key_from_seed,
    public_key_of,
    sign_payload,
    verification_address,
    verify_payload,
)
from tests.unit.reports.reading import BASE_URL

NUMBER = "9342026010111000001"
DIGEST = hashlib.sha256(b"data").digest()
KEY = private_key_from_seed(hashlib.sha256(b"one").digest())
OTHER_KEY = private_key_from_seed(hashlib.sha256(b"two").digest())
PUBLIC_KEYS = {0: public_key_of(KEY), 3: public_key_of(OTHER_KEY)}


def sign(**changes: object) -> str:
    arguments: dict[str, object] = {"base_url": BASE_URL, "private_key": KEY} | changes
    return sign_payload(NUMBER, DIGEST, **arguments)  # type: ignore[arg-type]


def test_a_genuine_payload_gives_number_and_digest() -> None:
    reference = verify_payload(sign(), base_url=BASE_URL, public_keys=PUBLIC_KEYS)
    assert (reference.number, reference.digest, reference.key_number) == (NUMBER, DIGEST[:16], 0)


def test_the_payload_stays_short_enough_for_a_code_of_30_mm() -> None:
    assert len(sign().partition("#")[2]) == 108
    assert len(sign()) <= 165


def test_every_flipped_bit_is_refused() -> None:
    payload = sign().encode()
    for position in range(len(payload)):
        for bit in range(8):
            altered = bytearray(payload)
            altered[position] ^= 1 << bit
            with pytest.raises(SignatureRefusedError):
                verify_payload(altered.decode("latin-1"), base_url=BASE_URL, public_keys=PUBLIC_KEYS)


def test_every_character_replaced_or_removed_is_refused() -> None:
    payload = sign()
    for position in range(len(payload)):
        for replacement in ("", "A", "0", "-", "é", "\n"):
            altered = payload[:position] + replacement + payload[position + 1 :]
            if altered != payload:
                with pytest.raises(SignatureRefusedError):
                    verify_payload(altered, base_url=BASE_URL, public_keys=PUBLIC_KEYS)


@pytest.mark.parametrize("tail", ["\n", "=", "A", " ", "#", "&x=1", "\x00"])
def test_nothing_may_follow_the_payload(tail: str) -> None:
    with pytest.raises(SignatureRefusedError):
        verify_payload(sign() + tail, base_url=BASE_URL, public_keys=PUBLIC_KEYS)


@given(st.text(max_size=300))
def test_arbitrary_text_is_refused_without_another_error(text: str) -> None:
    for payload in (text, f"{BASE_URL}/verify/{text}", f"{BASE_URL}/verify/{NUMBER}#{text}"):
        with pytest.raises(SignatureRefusedError):
            verify_payload(payload, base_url=BASE_URL, public_keys=PUBLIC_KEYS)


def test_another_host_is_refused() -> None:
    with pytest.raises(SignatureRefusedError, match="不是本系统"):
        verify_payload(
            sign(base_url="https://zc.example.gov.cn.evil.net"), base_url=BASE_URL, public_keys=PUBLIC_KEYS
        )


def test_a_number_under_another_certificates_signature_is_refused() -> None:
    stolen = sign().replace(NUMBER, "9342026010111000002")
    with pytest.raises(SignatureRefusedError, match="签名无效"):
        verify_payload(stolen, base_url=BASE_URL, public_keys=PUBLIC_KEYS)


def test_keys_are_told_apart_by_number() -> None:
    payload = sign(private_key=OTHER_KEY, key_number=3)
    assert verify_payload(payload, base_url=BASE_URL, public_keys=PUBLIC_KEYS).key_number == 3
    with pytest.raises(SignatureRefusedError, match="密钥未知"):
        verify_payload(payload, base_url=BASE_URL, public_keys={0: PUBLIC_KEYS[0]})
    with pytest.raises(SignatureRefusedError, match="签名无效"):
        verify_payload(payload, base_url=BASE_URL, public_keys={3: PUBLIC_KEYS[0]})


def test_a_trailing_slash_of_the_setting_changes_nothing() -> None:
    assert sign(base_url=f"{BASE_URL}/") == sign()
    assert verify_payload(sign(), base_url=f"{BASE_URL}/", public_keys=PUBLIC_KEYS).number == NUMBER


@pytest.mark.parametrize(
    "number", ["", "第三方33", "93/../42", "934#1", "934 1", "9342026x", "9" * 33, "934\n"]
)
def test_foreign_numbers_get_no_code(number: str) -> None:
    with pytest.raises(ReportError, match="证书编号"):
        verification_address(number, base_url=BASE_URL)


@pytest.mark.parametrize("seed", [b"", b"short", b"x" * 31, b"x" * 33])
def test_a_seed_of_the_wrong_length_is_refused(seed: bytes) -> None:
    with pytest.raises(ReportError, match="32 字节"):
        private_key_from_seed(seed)


@pytest.mark.parametrize("key_number", [-1, 16])
def test_a_key_number_outside_its_four_bits_is_refused(key_number: int) -> None:
    with pytest.raises(ReportError, match="0 至 15"):
        sign(key_number=key_number)
