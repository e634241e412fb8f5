"""A dossier as the page of a case takes it: texts with their words marked, changes shown, names for those who may see
them, what can be decided with which keys. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from markupsafe import Markup, escape

from rostra.accounts.permissions import may
from rostra.accounts.records import Role
from rostra.moderation.cases.dossier import Dossier, step_of
from rostra.moderation.cases.dossier_records import ReportLine
from rostra.moderation.cases.reviewer_queries import Template
from rostra.moderation.cases.templates import fill, fitting
from rostra.moderation.records import Wish
from rostra.policy.records import Clause
from rostra.screening.judgement import say
from rostra.text.urls import Urls
from rostra.web.desk_quick import Quick, quicks_for
from rostra.web.marked import mark_field

_WORDS: Final = re.compile(r"\s+|\w+|[^\w\s]")
# Longer texts are shown one after the other instead.
_MOST_WORDS: Final = 4000


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the subject's. `type` is the attachment's; `removed`: nobody but reviewers sees it."""

    id: str
    url: str
    preview: str
    type: str
    description: Markup
    removed: bool = False


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """The subject's content, its words marked."""

    warning: Markup | None
    text: Markup | None
    options: list[Markup]
    pictures: list[Picture]
    language: str | None


class ReportShown(msgspec.Struct, frozen=True, kw_only=True):
    """A report. `by` is empty for those who may not know who made it; `right` of `decided` before were right."""

    line: ReportLine
    by: str
    right: int
    decided: int
    reason: str


class ClauseChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A clause to choose. `step_at` is the place of what the ladder would add among the view's `steps`."""

    id: str
    title: str
    group: str
    severity: int
    points: int
    step_at: int | None


class CaseView(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows beside the dossier itself."""

    title: str
    shown: Shown
    # The text as it was reported where it is another now, with what was changed; None where it is the same.
    change: Markup | None
    reports: list[ReportShown]
    clauses: list[ClauseChoice]
    # What the ladder would add for one clause or another.
    steps: list[Wish]
    quicks: list[tuple[int, Quick]]
    labels: list[tuple[str, str]]
    # (id, name, words filled in, whether it is for this clause or any)
    templates: list[tuple[int, str, str, bool]]
    rule_said: list[str]
    days: int
    is_mine: bool
    is_taken: bool
    is_own: bool
    is_held: bool
    # The author's language, in which the reason is written.
    locale: str


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks, when, and in which language."""

    account_id: int
    role: Role
    language: str
    at: datetime
    urls: Urls


def view_of(d: Dossier, templates: Sequence[Template], viewer: Viewer) -> CaseView:
    """The page's view of a dossier."""
    case, clauses = d.case, d.current.clauses
    clause = clauses.get(case.clause)
    held = d.status is not None and d.status.withheld == "review"
    leased = case.assigned_to is not None and case.lease_until is not None and case.lease_until > viewer.at
    locale = d.author.locale or (d.status.language if d.status else None) or "en"
    offered = [
        (each, _step(d, each)) for each in d.current.bundle.clauses if not each.retired or each.id == case.clause
    ]
    steps = list(dict.fromkeys(step for _, step in offered if step is not None))
    return CaseView(
        title=say(clause.title, viewer.language) if clause else case.clause or case.rule,
        shown=_shown(d),
        change=_change(d),
        reports=[_report(d, line, viewer) for line in d.reports],
        clauses=[_clause(clause, step, steps, viewer.language) for clause, step in offered],
        steps=steps,
        quicks=[] if case.state == "closed" else quicks_for(case.subject_kind, viewer.role, gone=d.is_gone, held=held),
        labels=[(label.id, say(label.title, viewer.language)) for label in d.current.bundle.labels],
        templates=_templates(d, templates, locale, viewer),
        rule_said=_rule_said(d),
        days=max(0, (viewer.at - d.author.created_at).days),
        is_mine=leased and case.assigned_to == viewer.account_id,
        is_taken=leased and case.assigned_to != viewer.account_id,
        is_own=case.account_id == viewer.account_id,
        is_held=held,
        locale=locale if locale in ("en", "it") else "en",
    )


def diff_words(old: str, new: str) -> Markup:
    """What was changed between two texts, word by word: `<del>` and `<ins>` around it."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if len(before) + len(after) > _MOST_WORDS:
        return Markup("<del>{}</del> <ins>{}</ins>").format(old, new)
    return Markup("").join(_changes(before, after))


def _changes(before: list[str], after: list[str]) -> Iterator[Markup]:
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for what, start, end, to, until in matcher.get_opcodes():
        if what == "equal":
            yield escape("".join(before[start:end]))
            continue
        if start < end:
            yield Markup("<del>{}</del>").format("".join(before[start:end]))
        if to < until:
            yield Markup("<ins>{}</ins>").format("".join(after[to:until]))


def evidence_path(key: str) -> str:
    """Where reviewers see a stored file, whatever has become of it for others."""
    return f"/admin/desk/files/{key}"


def _shown(d: Dossier) -> Shown:
    spans = [(mark.field, mark.start, mark.end, mark.name) for mark in d.seen.marks]
    if d.status is not None and d.verdict.spans and d.verdict.held_revision == d.status.revision:
        spans += [(field, start, end, name) for field, start, end, name in d.verdict.spans]
    texts = {part.field: part.text for part in d.seen.parts}

    def marked(field: str) -> Markup | None:
        return mark_field(texts[field], spans, field) if texts.get(field) else None

    said: Mapping[str, Any] = d.evidence.content if d.evidence is not None else {}
    media: list[dict[str, Any]] = d.status.media if d.status is not None else said.get("media") or []
    return Shown(
        warning=marked("spoiler_text" if d.case.subject_kind == "status" else "display_name"),
        text=marked("text" if d.case.subject_kind == "status" else "note"),
        options=[mark for field in texts if field.startswith("poll[") and (mark := marked(field)) is not None],
        pictures=[
            Picture(
                id=str(each.get("id") or ""),
                url=evidence_path(each["key"]),
                preview=evidence_path(each.get("preview_key") or each["key"]),
                type=each["type"],
                removed=bool(each.get("removed")),
                description=marked(f"description[{n}]") or escape(each.get("description") or ""),
            )
            for n, each in enumerate(media)
            if each.get("key")
        ],
        language=d.status.language if d.status is not None else said.get("language"),
    )


def _change(d: Dossier) -> Markup | None:
    if not d.is_changed:
        return None
    assert d.evidence is not None
    assert d.status is not None
    old, new = d.evidence.content, d.status
    before = "\n".join(each for each in (old.get("spoiler_text"), old.get("text")) if each)
    return diff_words(before, "\n".join(each for each in (new.spoiler_text, new.text) if each))


def _report(d: Dossier, line: ReportLine, viewer: Viewer) -> ReportShown:
    acct = "" if line.username is None else f"{line.username}@{line.domain}" if line.domain else line.username
    clause = d.current.clauses.get(line.reason)
    return ReportShown(
        line=line,
        by=acct if may(viewer.role, "sanction") else "",
        right=line.upheld,
        decided=line.upheld + line.rejected,
        reason=say(clause.title, viewer.language) if clause else "",
    )


def _step(d: Dossier, clause: Clause) -> Wish | None:
    """What the ladder would add; it knows the people of this server who are not of the staff."""
    here = d.author.domain is None and d.author.role in (None, "user")
    return step_of(d.current.bundle.ladder, d.author.strikes, clause) if here else None


def _clause(clause: Clause, step: Wish | None, steps: Sequence[Wish], language: str) -> ClauseChoice:
    return ClauseChoice(
        id=clause.id,
        title=say(clause.title, language),
        group=clause.id.partition(".")[0],
        severity=clause.severity,
        points=clause.strikes.points if clause.strikes else 0,
        step_at=None if step is None else steps.index(step),
    )


def _templates(
    d: Dossier, templates: Sequence[Template], locale: str, viewer: Viewer
) -> list[tuple[int, str, str, bool]]:
    clause = d.current.clauses.get(d.case.clause)
    values = {
        "author": d.author.display_name or d.author.username,
        "clause": say(clause.title, locale) if clause else d.case.clause,
        "server": viewer.urls.domain,
    }
    order = fitting(templates, d.case.clause)
    return [
        (each.id, each.name, fill(each.text, locale, values), not each.clause or d.case.clause.startswith(each.clause))
        for each in order
    ]


def _rule_said(d: Dossier) -> list[str]:
    """The rules that hit, the one that decided first."""
    details = d.verdict.details or {}
    hits: list[str] = [details["rule"]] if details.get("rule") else []
    return list(dict.fromkeys([*hits, *(details.get("hits") or [])]))
