"""The templates of blocks with the variables that they document: as they usually are, empty, and hostile."""

from __future__ import annotations

# ruff: noqa: E501
# fmt: off
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

from rostra.accounts.blocks_queries import CanonicalEmailBlock, EmailDomainBlock, IpBlock
from rostra.moderation.domains.decision_queries import DomainDecision
from rostra.moderation.domains.domain_csv import Line
from rostra.moderation.domains.domain_queries import DomainAllow, DomainBlock
from rostra.moderation.domains.domains import DomainWish
from tests.web import samples as s
from tests.web.case import Case
from tests.web.samples import NOW, page


def _block(domain: str = "bad.example", severity: Any = "suspend", **changes: Any) -> DomainBlock:
    made: dict[str, Any] = {"id": 7, "domain": domain, "severity": severity, "reject_media": False, "reject_reports": False, "private_comment": "", "public_comment": "", "obfuscate": False, "created_at": NOW - timedelta(days=3)}
    return DomainBlock(**(made | changes))


CLAUSES = [("violence.threat", "Threats"), ("spam", "Spam")]


def _decision(domain: str = "bad.example", **changes: Any) -> DomainDecision:
    made: dict[str, Any] = {"id": 9, "domain": domain, "block_id": 7, "event_id": 3, "policy": "v1", "clause": "spam", "severity": "suspend", "reject_media": False, "reject_reports": False, "private_comment": "", "public_comment": "Noise", "obfuscate": False, "created_at": NOW - timedelta(days=1), "ends_at": None, "ended_at": None, "ended_why": None, "before_id": None, "reviewer": "heron"}
    return DomainDecision(**(made | changes))


def _line(number: int, state: Any, domain: str = "bad.example", **changes: Any) -> Line:
    made: dict[str, Any] = {"severity": "suspend", "reject_media": True, "reject_reports": False, "public_comment": "", "obfuscate": False}
    before = _block(domain, "silence") if state in ("changes", "same") else None
    return Line(number=number, domain=domain, wish=DomainWish(**(made | changes)), state=state, before=before)


def _ip(network: str, severity: Any, **changes: Any) -> IpBlock:
    made: dict[str, Any] = {"id": 7, "network": ip_network(network), "severity": severity, "comment": "", "expires_at": None, "created_at": NOW - timedelta(hours=5)}
    return IpBlock(**(made | changes))


def block_cases() -> dict[str, Case]:
    """Name to case."""
    blank: dict[str, Any] = {"values": {"severity": "silence"}, "errors": {}, "older_url": None, "clauses": CLAUSES, "ends": {}}
    wrong: dict[str, Any] = {"values": {"domain": s.HOSTILE, "email": s.HOSTILE, "ip": s.HOSTILE, "severity": "suspend", "public_comment": s.HOSTILE, "comment": s.HOSTILE, "days": "7", "obfuscate": True}, "errors": {"domain": "ERR_TAKEN", "email": s.HOSTILE, "ip": "is not a valid IP address", "public_comment": "ERR_TOO_LONG", "clause": s.HOSTILE}, "older_url": None, "clauses": [("x", s.HOSTILE)]}
    rules = [_block(), _block("loud.example", "silence", reject_reports=True, public_comment="Noise", private_comment="See ticket 12"), _block("pics.example", "noop", reject_media=True, obfuscate=True)]
    hostile = [_block(s.HOSTILE, public_comment=s.HOSTILE, private_comment=s.HOSTILE)]
    provider = EmailDomainBlock(id=7, domain="spam.example", allow_with_approval=True, created_at=NOW, history={"2026-05-04": [2, 5]})
    address = CanonicalEmailBlock(id=7, canonical_email_hash="ab" * 32)
    lines = {"new": (240, [_line(1, "new"), _line(2, "new", "loud.example", public_comment="Noise", severity="silence")]), "changes": (1, [_line(3, "changes", "odd.example")]), "same": (1, [_line(4, "same", "same.example")]), "unusable": (1, [_line(5, "unusable", "b*d.example")])}
    none: dict[str, tuple[int, list[Line]]] = {name: (0, []) for name in lines}
    networks = [_ip("203.0.113.0/24", "no_access", comment="Scrapers", expires_at=NOW + timedelta(days=3)), _ip("2001:db8::/32", "sign_up_block", expires_at=NOW - timedelta(hours=1)), _ip("198.51.100.7", "sign_up_requires_approval")]
    at = "/admin/blocks"
    return {
        "blocks/domains": Case("admin/blocks_domains.html", page(f"{at}/domains"), {**blank, "rows": rules, "ends": {"loud.example": NOW + timedelta(days=7)}}),
        "blocks/domains-empty": Case("admin/blocks_domains.html", page(f"{at}/domains"), {**blank, "rows": []}),
        "blocks/domains-hostile": Case("admin/blocks_domains.html", page(f"{at}/domains"), {**blank, **wrong, "rows": hostile, "older_url": f"{at}/domains?max_id=7"}),
        "blocks/domain": Case("admin/blocks_domain.html", page(f"{at}/domains/7"), {"block": rules[1], "values": {"severity": "silence", "public_comment": "Noise", "reject_reports": True, "lasts": "keep"}, "errors": {}, "clauses": CLAUSES, "holding": _decision(ends_at=NOW + timedelta(days=3))}),
        "blocks/decisions": Case("admin/blocks_decisions.html", page(f"{at}/decisions"), {"rows": [(_decision(), "Threats"), (_decision(id=10, ended_at=NOW, ended_why="expired", reject_media=True), ""), (_decision(id=11, ended_at=NOW, ended_why="reversed", obfuscate=True), ""), (_decision(id=12, ended_at=NOW, ended_why="superseded", reviewer=None), "")], "older_url": f"{at}/decisions?max_id=7"}),
        "blocks/decisions-empty": Case("admin/blocks_decisions.html", page(f"{at}/decisions"), {"rows": [], "older_url": None}),
        "blocks/decisions-hostile": Case("admin/blocks_decisions.html", page(f"{at}/decisions"), {"rows": [(_decision(s.HOSTILE, public_comment=s.HOSTILE, private_comment=s.HOSTILE, reviewer=s.HOSTILE), s.HOSTILE)], "older_url": None}),
        "blocks/domain-wrong": Case("admin/blocks_domain.html", page(f"{at}/domains/7"), {"block": hostile[0], "values": wrong["values"], "errors": wrong["errors"], "clauses": wrong["clauses"], "holding": None}),
        "blocks/import": Case("admin/blocks_import.html", page(f"{at}/import"), {"errors": {}}),
        "blocks/import-wrong": Case("admin/blocks_import.html", page(f"{at}/import"), {"errors": {"file": s.HOSTILE}}),
        "blocks/preview": Case("admin/blocks_preview.html", page(f"{at}/import"), {"groups": lines, "lines": "domain\nbad.example\n"}),
        "blocks/preview-empty": Case("admin/blocks_preview.html", page(f"{at}/import"), {"groups": none, "lines": ""}),
        "blocks/preview-hostile": Case("admin/blocks_preview.html", page(f"{at}/import"), {"groups": {**none, "new": (1, [_line(1, "new", s.HOSTILE, public_comment=s.HOSTILE)]), "unusable": (1, [_line(2, "unusable", s.HOSTILE)])}, "lines": s.HOSTILE}),
        "blocks/allows": Case("admin/blocks_allows.html", page(f"{at}/allows"), {**blank, "rows": [DomainAllow(id=7, domain="friend.example", created_at=NOW)], "closed": True, "may_close": True}),
        "blocks/allows-empty": Case("admin/blocks_allows.html", page(f"{at}/allows"), {**blank, "rows": [], "closed": False, "may_close": True}),
        "blocks/allows-wrong": Case("admin/blocks_allows.html", page(f"{at}/allows"), {**wrong, "rows": [DomainAllow(id=7, domain=s.HOSTILE, created_at=NOW)], "closed": False, "may_close": False}),
        "blocks/emails": Case("admin/blocks_emails.html", page(f"{at}/emails"), {**blank, "rows": [(provider, 2, 5), (provider, 0, 0)]}),
        "blocks/emails-empty": Case("admin/blocks_emails.html", page(f"{at}/emails"), {**blank, "rows": []}),
        "blocks/emails-wrong": Case("admin/blocks_emails.html", page(f"{at}/emails"), {**wrong, "rows": []}),
        "blocks/addresses": Case("admin/blocks_addresses.html", page(f"{at}/addresses"), {**blank, "rows": [address], "asked": "jane@mail.example", "found": address}),
        "blocks/addresses-empty": Case("admin/blocks_addresses.html", page(f"{at}/addresses"), {**blank, "rows": [], "asked": "", "found": None}),
        "blocks/addresses-wrong": Case("admin/blocks_addresses.html", page(f"{at}/addresses"), {**wrong, "rows": [], "asked": s.HOSTILE, "found": None}),
        "blocks/networks": Case("admin/blocks_networks.html", page(f"{at}/networks"), {**blank, "rows": networks, "now": NOW, "own": "192.0.2.7"}),
        "blocks/networks-empty": Case("admin/blocks_networks.html", page(f"{at}/networks"), {**blank, "rows": [], "now": NOW, "own": ""}),
        "blocks/networks-wrong": Case("admin/blocks_networks.html", page(f"{at}/networks"), {**wrong, "rows": [_ip("203.0.113.0/24", "no_access", comment=s.HOSTILE)], "now": NOW, "own": s.HOSTILE}),
    }
