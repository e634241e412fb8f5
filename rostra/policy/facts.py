"""The facts that rules speak of: typed, documented, closed. `FACTS` lists them as rules see them (`text.threat`).

Whoever gathers facts fills these structs; a fact that nobody could find out keeps its default, which must never make a
post look worse. A name that is not here is refused when a bundle is checked.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta


def _says(description: str) -> Meta:
    return Meta(description=description)


class TextFacts(msgspec.Struct, frozen=True, kw_only=True):
    threat: Annotated[float, _says("Probability of a threat of violence against somebody.")] = 0.0
    incitement: Annotated[float, _says("Probability of a call to violence or of mobilising for it.")] = 0.0
    hate: Annotated[float, _says("Probability of hatred against a group.")] = 0.0
    harassment: Annotated[float, _says("Probability of harassment of a person.")] = 0.0
    self_harm: Annotated[float, _says("Probability of encouraging or announcing self-harm.")] = 0.0
    sexual: Annotated[float, _says("Probability of sexual content.")] = 0.0
    spam: Annotated[float, _says("Probability of spam or a scam.")] = 0.0
    language: Annotated[str, _says("Language that was recognised, such as 'it'; '' where unknown.")] = ""
    length: Annotated[int, _says("Code points of everything that was written.")] = 0
    plain: Annotated[str, _says("What was written, all parts, one on a line.")] = ""
    normal: Annotated[str, _says("The same, folded and with tricks undone: what most rules should look at.")] = ""
    evasion: Annotated[float, _says("How much had to be undone to read it: 0 nothing, 1 all of it.")] = 0.0
    matches: Annotated[list[str], _says("Names of the built-in phrases that were found and not suppressed.")] = []
    suppressed: Annotated[list[str], _says("Names of those that a quotation, a negation, a game … takes back.")] = []
    quoted: Annotated[bool, _says("Whether what was found stands only in a quotation or a report.")] = False
    lists: Annotated[list[str], _says("Names of the bundle's word lists that have a word in the text.")] = []


class NearFacts(msgspec.Struct, frozen=True, kw_only=True):
    known_bad: Annotated[bool, _says("Whether it is a near-copy of a post that was removed or refused.")] = False
    known_bad_clause: Annotated[str, _says("The clause under which that one was removed; '' for none.")] = ""
    known_bad_similarity: Annotated[float, _says("How much it has in common with that one, 0.65–1; 0 for none.")] = 0.0
    copies: Annotated[int, _says("Near-copies posted in the last 24 hours.")] = 0
    authors: Annotated[int, _says("Distinct authors of those near-copies, this author left out.")] = 0


class ImageFacts(msgspec.Struct, frozen=True, kw_only=True):
    count: Annotated[int, _says("Pictures attached.")] = 0
    unhashed: Annotated[int, _says("Pictures that could not be compared with the banks.")] = 0
    banks: Annotated[list[str], _says("Names of the hash banks that know one of the pictures.")] = []
    distance: Annotated[int, _says("Hamming distance of the nearest match (0–31); 256 for none.")] = 256


class LinkFacts(msgspec.Struct, frozen=True, kw_only=True):
    count: Annotated[int, _says("Links.")] = 0
    domains: Annotated[list[str], _says("Host names of the links, lower-cased.")] = []
    lists: Annotated[list[str], _says("Names of the bundle's domain lists that have one of the hosts.")] = []
    shortened: Annotated[int, _says("Links through a shortener, whose target is hidden.")] = 0


class PostFacts(msgspec.Struct, frozen=True, kw_only=True):
    kind: Annotated[str, _says("post, edit, profile, name or card.")] = "post"
    visibility: Annotated[str, _says("public, unlisted, private or direct; '' where it does not apply.")] = ""
    sensitive: Annotated[bool, _says("Whether the author marked it as sensitive.")] = False
    is_reply: Annotated[bool, _says("Whether it answers a post.")] = False
    has_poll: Annotated[bool, _says("Whether it has a poll.")] = False
    mentions: Annotated[int, _says("Accounts that it mentions.")] = 0
    strangers: Annotated[int, _says("Of those, accounts that do not follow the author.")] = 0
    hashtags: Annotated[int, _says("Hashtags.")] = 0


class AuthorFacts(msgspec.Struct, frozen=True, kw_only=True):
    age_hours: Annotated[float, _says("Hours since the account was made.")] = 1e9
    posts: Annotated[int, _says("Posts of the account so far.")] = 0
    followers: Annotated[int, _says("Followers.")] = 0
    posts_last_hour: Annotated[int, _says("Posts in the last hour.")] = 0
    strikes: Annotated[int, _says("Strike points that have not expired.")] = 0
    held: Annotated[int, _says("Posts of the author that wait for review.")] = 0
    reports: Annotated[int, _says("Distinct people who reported the author in the last 30 days.")] = 0
    local: Annotated[bool, _says("Whether the account lives on this server.")] = True
    domain: Annotated[str, _says("Domain of an account that lives elsewhere; '' here.")] = ""
    staff: Annotated[bool, _says("Whether the author is a moderator, administrator or the owner.")] = False
    labels: Annotated[list[str], _says("Labels on the account.")] = []
    like_suspended: Annotated[bool, _says("Whether name, address or posts resemble a suspended account's.")] = False


class EventFacts(msgspec.Struct, frozen=True, kw_only=True):
    places: Annotated[list[str], _says("Places that are named.")] = []
    dates: Annotated[list[str], _says("Days that are named, as 2027-01-19.")] = []
    days_until: Annotated[int, _says("Days until the nearest of them; 9999 for none.")] = 9999
    weapons: Annotated[list[str], _says("Weapons that are named.")] = []
    targets: Annotated[list[str], _says("Persons, groups or buildings that are named as a target.")] = []
    imperative: Annotated[bool, _says("Whether it tells others to do something.")] = False


class ExternalFacts(msgspec.Struct, frozen=True, kw_only=True):
    asked: Annotated[bool, _says("Whether an external model was asked.")] = False
    available: Annotated[bool, _says("Whether it answered in time.")] = False
    flagged: Annotated[bool, _says("Whether it flagged the text.")] = False
    categories: Annotated[list[str], _says("The categories that it flagged.")] = []
    score: Annotated[float, _says("The highest of its scores.")] = 0.0


class DetectorFacts(msgspec.Struct, frozen=True, kw_only=True):
    failed: Annotated[list[str], _says("Names of the detectors that crashed or did not answer.")] = []


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a rule may speak of, about one piece of content by one author."""

    text: TextFacts = TextFacts()
    near: NearFacts = NearFacts()
    image: ImageFacts = ImageFacts()
    links: LinkFacts = LinkFacts()
    post: PostFacts = PostFacts()
    author: AuthorFacts = AuthorFacts()
    event: EventFacts = EventFacts()
    external: ExternalFacts = ExternalFacts()
    detectors: DetectorFacts = DetectorFacts()


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One fact as rules see it: `text.threat`, a `float`, and what it says."""

    name: str
    type: type | Any
    description: str
    default: Any


def _facts() -> dict[str, Fact]:
    found: dict[str, Fact] = {}
    for group, struct in get_type_hints(Facts).items():
        defaults = {field.name: field.default for field in msgspec.structs.fields(struct)}
        for field, hint in get_type_hints(struct, include_extras=True).items():
            kind, meta = get_args(hint) if get_origin(hint) is Annotated else (hint, _says(""))
            name = f"{group}.{field}"
            default: Any = [] if get_origin(kind) is list else defaults[field]
            found[name] = Fact(name=name, type=kind, description=meta.description or "", default=default)
    return found


FACTS: Final[dict[str, Fact]] = _facts()
