"""What people have to do themselves when a server moves to another host, with the real names put in.

The domain and with it every identity stay; what the world must be told is where the domain is now.
"""

from __future__ import annotations


def runbook(domain: str, old: str, new: str, port: int) -> list[str]:
    """The steps, each a paragraph in one line."""
    return [
        f"DNS: point the A and AAAA records of {domain} from {old} to {new}. Lower their time to live to 300 seconds a "
        "day before, and raise it again when all is well; who has the old answer in its cache comes that much later.",
        f"Until then, let the proxy on {old} pass requests on to {new}: nobody sees an error page, whatever their DNS "
        "says. Nothing else may run there; the old data directory refuses to start.",
        f"TLS: bring the certificate and its key for {domain} along (continuity_extra copies them), or have the proxy "
        f"on {new} get a new one as soon as DNS points here. The proxy passes {domain} on to 127.0.0.1:{port}.",
        f"Mail: allow {new} in the SPF record of {domain}, set its reverse DNS name, keep the DKIM key. If mail goes "
        "out through a relay, only its password has to be here: ROSTRA_SMTP_URL.",
        "Settings: what the old server had in its environment (ROSTRA_SMTP_URL, ROSTRA_STORAGE_URL, "
        "ROSTRA_CONTINUITY_TARGETS and others) belongs into the environment here; what was in rostra.toml has come "
        "along.",
        f"Start at boot: have the service manager run `rostra up` on {new}, and no more on {old}.",
        f"Look: `rostra doctor`, sign in, post with a picture, get a mail from {domain}.",
        f"Afterwards: make a new standby or check the targets (`rostra continuity status`), rehearse a restore "
        f"(`rostra continuity drill`), and change the passwords and keys that the provider of {old} could have read.",
    ]
