"""The restored server on this machine: its settings, and the store of its files, of which it may bring the rest."""

from __future__ import annotations

from rostra.continuity.place import Place
from rostra.continuity.restore import check
from rostra.continuity.restore.documents import Documents
from rostra.continuity.restore.media import Fetching, read_wanted
from rostra.continuity.restore.records import MediaFound, Options
from rostra.continuity.restore.walk import Walk
from rostra.continuity.targets import label_of
from rostra.kit.objectstore import ObjectStore, open_store
from rostra.kit.settings import Settings, SettingsError, load_settings

WANTED = "media-wanted"


def settings_here(options: Options) -> Settings:
    """The restored server's settings on this machine, without what the environment says of others.

    Where they cannot be used here, which was said then (`settings_problems`), what the way back itself needs.
    """
    own = {"data_dir": options.data_dir, "pg_bindir": options.pg_bindir, "pg_user": options.pg_user}
    try:
        return load_settings({}, own)
    except SettingsError:
        return Settings(
            data_dir=options.data_dir, pg_bindir=options.pg_bindir, pg_user=options.pg_user, storage_url=options.storage
        )


def settings_problems(options: Options, target: str) -> list[str]:
    """What the operator has to mend in `rostra.toml`, or should know of the places that copies go to."""
    try:
        settings = load_settings({}, {"data_dir": options.data_dir})
    except SettingsError as error:
        return [f"in rostra.toml, to be mended before the server is started: {problem}" for problem in error.problems]
    labels = [label_of(each) for each in settings.continuity_targets]
    if options.purpose != "take-over" or target in labels:
        return []
    there = ", ".join(labels) or "nowhere"
    return [f"from now on copies go to {there}, as before, and not to {target} (continuity_targets in rostra.toml)"]


def store_of(settings: Settings) -> ObjectStore:
    """Where its files go: what is put there is in the register already."""
    return open_store(settings.storage_url or settings.data_dir / "media")


async def fetch_media(walk: Walk, documents: Documents, media_key: bytes, settings: Settings) -> MediaFound:
    """Bring the files that are still wanted into the store; the list goes when none is. Raises StoreUnavailable."""
    wanted = Place(walk.options.data_dir).path / WANTED
    sizes = [each.size for each in read_wanted(wanted)]
    if settings.storage_url is None:
        check.check_bytes(walk.options.data_dir, sum(sizes), "the files")
    with walk.step("files", sum(sizes), "bytes") as arrived:
        found = await Fetching(documents, media_key, store_of(settings)).fetch(read_wanted(wanted), arrived)
    if not found.lacking:
        wanted.unlink()
    return found
