"""Checks on rendered HTML: well-formed, clean under a strict content security policy, and named for a screen reader."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
NAMED_BY_CONTENT = frozenset(("a", "button", "summary"))
# What may not stand inside what, whatever lies between.
FORBIDDEN_WITHIN = {
    "a": ("a", "button"),
    "button": ("a", "button"),
    "form": ("form",),
    "p": ("p",),
    "label": ("label",),
}
BLOCKS = frozenset([
    "p", "div", "ul", "ol", "dl", "form", "section", "article", "aside", "header", "footer", "nav", "h1", "h2",
    "h3", "blockquote", "fieldset", "details", "figure", "table", "pre",
])  # fmt: skip
UNLABELLED_INPUTS = frozenset(("hidden", "submit"))


class Element:
    """One element, its attributes, and the text gathered inside."""

    __slots__ = ("attributes", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.text = ""


class Checker(HTMLParser):
    """Feed it a page; `problems` then says what is wrong with it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.problems: list[str] = []
        self.open: list[Element] = []
        self.seen: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        if len(element.attributes) != len(attrs):
            self.problems.append(f"<{tag}> has an attribute twice: {attrs}")
        self._check_place(tag)
        self._check_policy(element)
        self.seen.append(element)
        self.handle_data(element.attributes.get("alt", ""))
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            self.problems.append(f"</{tag}> closes what has no end")
        elif not self.open or self.open[-1].tag != tag:
            self.problems.append(f"</{tag}> closes <{self.open[-1].tag if self.open else 'nothing'}>")
        else:
            self._close(self.open.pop())

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data

    def _close(self, element: Element) -> None:
        named = (
            element.text.strip()
            or element.attributes.get("aria-label")
            or element.attributes.get("aria-hidden") == "true"
        )
        if element.tag in NAMED_BY_CONTENT and not named:
            self.problems.append(f"<{element.tag} {element.attributes}> says nothing")

    def _check_place(self, tag: str) -> None:
        around = [element.tag for element in self.open]
        for outer, inner in FORBIDDEN_WITHIN.items():
            if tag in inner and outer in around:
                self.problems.append(f"<{tag}> inside <{outer}>")
        if tag in BLOCKS and "p" in around and "svg" not in around:
            self.problems.append(f"<{tag}> inside <p>: {around}")
        if around and around[-1] in ("ul", "ol") and tag != "li":
            self.problems.append(f"<{tag}> directly in a list")

    def _check_policy(self, element: Element) -> None:
        attributes = element.attributes
        if element.tag == "style" or "style" in attributes:
            self.problems.append(f"inline style: {element.tag} {attributes}")
        if element.tag == "script" and not attributes.get("src", "").startswith("/static/"):
            self.problems.append("inline or foreign script")
        for name, value in attributes.items():
            if name.startswith(("on", "hx-on")):
                self.problems.append(f"inline handler {name}={value}")
            if name in ("href", "src", "action", "formaction", "poster", "cite") and value.strip().lower().startswith(
                ("javascript:", "data:", "vbscript:")
            ):
                self.problems.append(f"{name}={value}")

    def finish(self) -> list[str]:
        """All problems, after the last of the page was fed."""
        self.close()
        self.problems += [f"<{element.tag}> is never closed" for element in self.open]
        self.problems += self._labels() + self._references() + self._forms()
        return self.problems

    def _labels(self) -> list[str]:
        labelled = {element.attributes.get("for") for element in self.seen if element.tag == "label"}
        faults: list[str] = []
        for element in self.seen:
            attributes = element.attributes
            control = element.tag in ("select", "textarea") or (
                element.tag == "input" and attributes.get("type") not in UNLABELLED_INPUTS
            )
            wrapped = attributes.get("name") == "choices[]"
            if (
                control
                and not wrapped
                and attributes.get("id", "?") not in labelled
                and not attributes.get("aria-label")
            ):
                faults.append(f"no label for {attributes}")
            if element.tag == "img" and "alt" not in attributes:
                faults.append(f"no alt: {attributes}")
        return faults

    def _references(self) -> list[str]:
        ids = Counter(element.attributes["id"] for element in self.seen if "id" in element.attributes)
        faults = [f"id {name} is used {times} times" for name, times in ids.items() if times > 1]
        for element in self.seen:
            for name in ("for", "aria-describedby", "aria-labelledby"):
                faults += [
                    f"{name} names {target}" for target in element.attributes.get(name, "").split() if target not in ids
                ]
        return faults

    def _forms(self) -> list[str]:
        posts = [
            element for element in self.seen if element.tag == "form" and element.attributes.get("method") == "post"
        ]
        tokens = sum(1 for element in self.seen if element.attributes.get("name") == "csrf")
        faults = [
            f"form posts to {form.attributes.get('action')!r}"
            for form in posts
            if not form.attributes.get("action", "").startswith("/")
        ]
        return faults + ([f"{len(posts)} forms, {tokens} tokens"] if len(posts) != tokens else [])


def check(html: str) -> tuple[Checker, list[str]]:
    """The page as it was read, and what is wrong with it."""
    checker = Checker()
    checker.feed(html)
    return checker, checker.finish()
