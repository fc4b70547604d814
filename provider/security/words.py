"""The sentences that the audit keeps of who did what: their templates, so that they can be said in other languages."""

from typing import Final

from provider.messages import template
from provider.rollouts import words as rollouts

ACCOUNT_ADDED: Final = template("account {name} added as {role}")
ACCOUNT_SET: Final = template("account {name}: role {before} → {after}")
ACCOUNT_REMOVED: Final = template("account {name} removed")
PASSWORD_SET: Final = template("password of account {name} set, and its sessions ended")
LINK_MADE: Final = template("one-time link for account {name} created")
SESSIONS_ENDED: Final = template("all sessions of account {name} ended")
LOGGED_IN: Final = template("{name} logged in")
LOGGED_OUT: Final = template("{name} logged out")
LOGIN_REFUSED: Final = template("login as {name} refused")
UNKNOWN_LOGIN_REFUSED: Final = template("login as an unknown account refused")
TOKEN_MADE: Final = template("token {name} ({id}) created, for {scopes}")
TOKEN_REVOKED: Final = template("token {name} ({id}) revoked")
REFUSED: Final = template("{what} refused")
QUARANTINE_LIFTED: Final = template("quarantine of edge {name} lifted: it is offered revision {revision} again")

CERTIFICATE_TRIED: Final = template("certificate for {name} tried again at once")
CA_CHOSEN: Final = template("certificates are ordered from {ca}, and its terms were accepted")
CA_LEFT: Final = template("certificates are no longer ordered from {ca}")

SECRETS_EXPORTED: Final = template("the state was exported with its secrets")

ALL: Final = (
    *(ACCOUNT_ADDED, ACCOUNT_SET, ACCOUNT_REMOVED, PASSWORD_SET, LINK_MADE, SESSIONS_ENDED),
    *(LOGGED_IN, LOGGED_OUT, UNKNOWN_LOGIN_REFUSED, LOGIN_REFUSED),
    *(TOKEN_MADE, TOKEN_REVOKED, QUARANTINE_LIFTED, CERTIFICATE_TRIED, CA_CHOSEN, CA_LEFT),
    *(SECRETS_EXPORTED, *rollouts.ALL, REFUSED),
)
"""All of them, the least particular last: a sentence that was stored is taken for the first that fits."""

ACTIONS: Final = {
    "state.change": template("change of the configuration"),
    "state.export": template("export with secrets"),
    "account.add": template("account added"),
    "account.set": template("role changed"),
    "account.remove": template("account removed"),
    "account.password": template("password set"),
    "account.invite": template("one-time link created"),
    "account.sessions": template("sessions ended"),
    "account.login": template("login"),
    "account.logout": template("logout"),
    "token.create": template("token created"),
    "token.revoke": template("token revoked"),
    "edge.lift": template("quarantine lifted"),
    "domain.retry": template("certificate tried again"),
    "acme.choose": template("CA chosen"),
    "acme.leave": template("CA no longer used"),
    **rollouts.ACTIONS,
    "right.refused": template("access refused"),
}
"""The kinds of things that are done, in words."""
