"""The template of the ledger's page with the variables that it documents: as it usually is, with an old key, empty."""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
from datetime import timedelta

from rostra.ledger.published import Published
from rostra.ledger.queries import StoredCheckpoint, StoredSigner
from rostra.web.ledger import values_of
from tests.web.case import Case
from tests.web.samples import NOW, page

_KEYS = ["social.example/ledger+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8", "social.example/ledger+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"]
_NOTE = "social.example/ledger\n1204377\nAPUDTYuGmvdGuWxCUORvSYtvWxZJ+4q3yxX6Ko5yz3g=\n\n— social.example/ledger x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"


def _published(keys: int) -> Published:
    signers = [StoredSigner(verifier=key, since_size=number * 90_000, created_at=NOW - timedelta(days=60 - number)) for number, key in enumerate(_KEYS[:keys])]
    return Published(checkpoint=StoredCheckpoint(size=1_204_377, root=b"\7" * 32, note=_NOTE, created_at=NOW - timedelta(seconds=8)), key=_KEYS[keys - 1], signers=signers)


def ledger_cases() -> dict[str, Case]:
    return {
        "ledger": Case("ledger.html", page("/ledger", member=False), values_of(_published(1), 1)),
        "ledger-new-key": Case("ledger.html", page("/ledger"), values_of(_published(2), 3)),
        "ledger-empty": Case("ledger.html", page("/ledger", member=False), values_of(None, 0)),
    }
