"""Every template, rendered with usual, empty and hostile values in both languages."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po
from jinja2 import UndefinedError, meta

from rostra import policy
from rostra.screening import fixtures
from rostra.web.language import LANGUAGES, LOCALE_FOLDER
from rostra.web.render import (
    STATIC_FOLDER,
    TEMPLATE_FOLDER,
    WEB,
    Views,
    compile_templates,
    content_security_policy,
    load_views,
    render,
    translate,
)
from tests.web import samples
from tests.web.cases import all_cases
from tests.web.markup import check
from tests.web.samples import page

CASES = all_cases()
PAGES = [name for name, case in CASES.items() if case.template.endswith(".html")]
# Words that are the same in every language.
WORDS = re.compile(r"[^\W\d_]{2,}")
SAME_EVERYWHERE = {"CSV", "JSON", "SHA", "ZIP", "br"}
LAYOUT = re.compile(r"{% block layout %}\w+{% endblock %}")
METHODS = [("**.py", "python"), ("**/templates/**", "jinja2")]


@pytest.fixture(scope="module")
def views() -> Views:
    return load_views()


def _render(views: Views, name: str, language: str = "en") -> str:
    case = CASES[name]
    return render(views, msgspec.structs.replace(case.page, language=language), case.template, **case.values)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_well_formed_clean_and_labelled(views: Views, name: str, language: str) -> None:
    html = _render(views, name, language)
    read, problems = check(html)
    assert problems == []
    if not name.startswith("partials/"):
        assert [element.tag for element in read.seen].count("h1") == 1
        assert [element.attributes.get("lang") for element in read.seen if element.tag == "html"] == [language]
        assert [element.tag for element in read.seen].count("main") == 1


@pytest.mark.parametrize("name", [name for name in PAGES if "hostile" in name or "wrong" in name or "-all" in name])
def test_hostile_values_stay_text(views: Views, name: str) -> None:
    html = _render(views, name)
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "javascript:" not in re.sub(r">[^<]*<|value=\"[^\"]*\"", "", html)
    assert "49" not in re.findall(r"onerror=alert\(1\)&gt;(\d+)", html)


def test_a_missing_variable_is_an_error(views: Views) -> None:
    with pytest.raises(UndefinedError):
        render(views, page(), "home.html", statuses=[], older_url=None, newest_url=None, live=None)


def test_every_template_has_a_case_and_says_what_it_expects(views: Views) -> None:
    inner = (
        "macros/",
        "base.html",
        "door.html",
        "settings/frame.html",
        "admin/frame.html",
        "admin/desk_frame.html",
        "partials/colophon",
        "partials/rules",
        "partials/forum",
    )
    drawn = {case.template for case in CASES.values()}
    known = {"page", *views.environment.globals}
    for name in views.environment.list_templates():
        source = (TEMPLATE_FOLDER / name).read_text()
        if name.endswith((".html", ".webmanifest")):
            assert source.startswith("{#"), name
        if not name.startswith(inner):
            assert name in drawn, f"{name} has no case"
            head = source[: source.index("#}")]
            used = (
                meta.find_undeclared_variables(views.environment.parse(source))
                - known
                - {"forms", "people", "parts", "colophon", "sections", "blocks"}
            )
            used -= (
                set(re.findall(r"{% set (\w+)", source))
                | set(re.findall(r"{% macro (\w+)", source))
                | set(re.findall(r"import (\w+) with", source))
            )
            assert [variable for variable in used if not re.search(rf"\b{variable}\b", head)] == [], name


def test_compiling_ahead_covers_all_templates(views: Views) -> None:
    assert compile_templates(views) == len(views.environment.list_templates())


def test_the_manifest_is_json_in_both_languages(views: Views) -> None:
    for language in LANGUAGES:
        manifest = json.loads(_render(views, "manifest", language))
        assert manifest["name"] == "Rostra"
        assert manifest["lang"] == language
        assert all(icon["src"].startswith("/static/icon-") for icon in manifest["icons"])


def test_italian_lacks_no_sentence_and_has_none_too_many() -> None:
    with (LOCALE_FOLDER / "it" / "LC_MESSAGES" / "messages.po").open("rb") as source:
        catalogue = read_po(source, locale="it")
    wanted: set[tuple[str, str]] = set()
    # What rules may speak of, and what is wrong with a policy, is said where it is defined, below the pages.
    described = [*extract_from_file("python", fixtures.__file__ or "", keywords={"said": None})]
    for place in Path(policy.__file__ or "").parent.glob("*.py"):
        described += extract_from_file("python", str(place), keywords={"_says": None, "said": None})
    found = [(message, meaning) for _, _, message, _, meaning in extract_from_dir(str(WEB), method_map=METHODS)]
    found += [(message, meaning) for _, message, _, meaning in described]
    for message, meaning in found:
        first = message if isinstance(message, str) else message[0]
        wanted.add((meaning or "", first))
        entry = catalogue.get(first, meaning)
        assert entry is not None, f"not in it.po: {first}"
        assert not entry.fuzzy, first
        translations = entry.string if isinstance(entry.string, tuple) else (entry.string,)
        for translation in translations[-1:]:
            assert translation, f"not translated: {first}"
            source_text = entry.id[-1] if isinstance(entry.id, tuple) else entry.id
            assert _names(translation) == _names(source_text), first
    have = {
        (entry.context or "", entry.id if isinstance(entry.id, str) else entry.id[0]) for entry in catalogue if entry.id
    }
    assert have - wanted == set()


def _names(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s", text))


def test_templates_hold_no_words_outside_of_gettext(views: Views) -> None:
    for name in views.environment.list_templates(extensions=["html"]):
        chunks: list[str] = []
        for _, kind, value in views.environment.lex(LAYOUT.sub("", (TEMPLATE_FOLDER / name).read_text())):
            if kind == "data":
                chunks.append(value)
            elif kind in ("variable_begin", "block_begin"):
                chunks.append("\x00")
        source = "".join(chunks)
        spoken = re.findall(
            r'(?:title|alt|placeholder|aria-label|content)="([^"\x00]*)"', re.sub(r"<meta[^>]*>", "", source)
        )
        text = re.sub(r"<[^>]*>|[\w-]+=\"[^\"]*\"", " ", source) + " ".join(spoken)
        assert set(WORDS.findall(text)) - SAME_EVERYWHERE == set(), name


def test_a_page_speaks_the_reader_s_language(views: Views) -> None:
    assert "What would you like to say?" in _render(views, "home", "en")
    italian = _render(views, "home", "it")
    assert "Che cosa vuoi dire?" in italian
    assert "8min" in italian
    assert "4 maggio 2026, 11:41 UTC" in italian


def test_handlers_can_translate_their_own_sentences(views: Views) -> None:
    assert translate(views, "it", "Edited %(when)s", when="ieri") == "Modificato il ieri"
    assert translate(views, "en", "Saved") == "Saved"


def test_a_visitor_gets_no_form_that_acts(views: Views) -> None:
    html = _render(views, "public")
    assert "/web/statuses" not in html
    assert "return_to=/%40marco" in html or "return_to=/@marco" in html


def test_a_direct_post_offers_no_boost(views: Views) -> None:
    html = render(views, page(), "partials/status_actions.html", status=samples.DIRECT, uid="", said="")
    assert "/reblog" not in html
    assert "This post cannot be boosted" in html


def test_one_s_own_post_can_be_edited_and_another_s_reported(views: Views) -> None:
    own = render(views, page(), "partials/status_actions.html", status=samples.FIRST, uid="", said="")
    other = render(views, page(), "partials/status_actions.html", status=samples.REPLY, uid="", said="")
    assert "/edit" in own
    assert "/report?" not in own
    assert "/report?" in other
    assert "/edit" not in other


def test_the_buttons_undo_what_was_done(views: Views) -> None:
    html = render(views, page(), "partials/status_actions.html", status=samples.GALLERY, uid="n7", said="")
    for verb in ("unreblog", "unbookmark", "favourite"):
        assert f'/{verb}"' in html
    assert 'name="uid" value="n7"' in html
    assert html.count('aria-pressed="true"') == 2


def test_a_filter_covers_a_post_in_its_contexts_only(views: Views) -> None:
    home = render(views, page(), "partials/status.html", status=samples.FILTERED, context="home", uid="")
    elsewhere = render(views, page(), "partials/status.html", status=samples.FILTERED, context="notifications", uid="")
    assert "Filtered: Football" in home
    assert "Filtered" not in elsewhere
    hiding = {**samples.FILTERED, "filtered": [{**samples.HIT, "filter": {**samples.FILTER, "filter_action": "hide"}}]}
    assert "<article" not in render(views, page(), "partials/status.html", status=hiding, context="home", uid="")


def test_sensitive_media_is_covered_unless_the_reader_says_otherwise(views: Views) -> None:
    def shown(**preferences: object) -> bool:
        html = render(
            views,
            page(preferences=preferences),
            "partials/status.html",
            status=samples.SENSITIVE,
            context="home",
            uid="",
        )
        return '<details class="cover"' not in html

    assert not shown()
    assert shown(**{"reading:expand:media": "show_all"})
    covered = render(
        views,
        page(preferences={"reading:expand:media": "hide_all"}),
        "partials/status.html",
        status=samples.FIRST,
        context="home",
        uid="",
    )
    assert '<details class="cover"' in covered


def test_a_poll_can_be_voted_on_once(views: Views) -> None:
    def drawn(**changes: object) -> str:
        return render(views, page(), "partials/poll.html", poll=samples.poll(**changes), uid="1", said="")

    assert 'name="choices[]"' in drawn()
    assert 'type="checkbox"' in drawn(multiple=True)
    assert "<form" not in drawn(voted=True)
    assert "<form" not in drawn(expired=True)
    assert "57%" in drawn(voted=True)


def test_the_composer_returns_with_what_was_typed(views: Views) -> None:
    html = _render(views, "compose-full")
    for kept in (
        "The bread of the day",
        'value="Crumbs"',
        'value="Rye"',
        'value="2026-05-06T08:00"',
        'name="media[0][id]"',
        'value="0.4,-0.2"',
    ):
        assert kept in html
    assert '<option value="private" selected>' in html


def test_development_mode_is_said_on_every_page(views: Views) -> None:
    for name in PAGES:
        if name.startswith("partials/"):
            continue
        case = CASES[name]
        html = render(views, msgspec.structs.replace(case.page, dev=True), case.template, **case.values)
        assert 'class="dev"' in html, name


def test_assets_are_our_own_and_small() -> None:
    assert (STATIC_FOLDER / "rostra.css").stat().st_size < 42_000
    assert (STATIC_FOLDER / "rostra.js").stat().st_size < 10_000
    for path in (STATIC_FOLDER / "rostra.css", *TEMPLATE_FOLDER.rglob("*.html")):
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//|url\(", path.read_text()), path


def test_a_scheme_changes_nothing_but_colours() -> None:
    # Which is why the browser's tests look at the shape of a page in one scheme alone.
    for path in STATIC_FOLDER.glob("*.css"):
        assert "prefers-color-scheme" not in path.read_text(), f"{path.name} does not say it by light-dark()"
        for rule in re.findall(r"\[data-theme[^{]*\{([^}]*)\}", path.read_text()):
            assert re.fullmatch(r"color-scheme:\s*(light|dark);?", rule), rule


def test_every_icon_that_is_used_is_in_the_sprite(views: Views) -> None:
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC_FOLDER / "icons.svg").read_text()))
    for path in TEMPLATE_FOLDER.rglob("*.html"):
        source = path.read_text()
        assert set(re.findall(r'icon\("([\w-]+)"', source)) <= drawn, path
    for html in (_render(views, name) for name in ("home", "settings", "admin/settings", "notifications")):
        assert set(re.findall(r"icons\.svg\?v=\w+#([\w-]+)", html)) <= drawn


def test_the_policy_forbids_everything_inline_and_foreign() -> None:
    policy = content_security_policy(media=["https://media.example"], form_action=("'self'", "tuskyapp:"))
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "img-src 'self' https://media.example data: blob:" in policy
    assert "form-action 'self' tuskyapp:" in policy


def test_what_was_attached_is_named_in_the_readers_language(views: Views) -> None:
    assert "Attached: a picture" in _render(views, "settings/decision-wrong")
    assert "Allegato: un’immagine" in _render(views, "settings/decision-wrong", "it")
