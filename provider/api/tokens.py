"""`/api/v1/tokens`."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Response

from provider.api import documentation
from provider.api.answers import answer
from provider.api.outcomes import done, removed
from provider.api.pages import PageParameters
from provider.api.routers import PREFIX, router_for
from provider.database.sessions import Session
from provider.dependencies import ActorDependency, RevisionsDependency
from provider.models import CreatedTokenOutput, TokenInput, TokenOutput
from provider.security import needs, tokens
from provider.store import tokens as stored

router = router_for("tokens", "/tokens", needs=needs.ADMINISTRATION)

ID = Annotated[str, documentation.identifier("ID of the token.", "k3v9x0ab")]


@router.get("", response_model=list[TokenOutput], summary="List tokens", responses=documentation.LIST)
def list_tokens(revisions: RevisionsDependency, page: PageParameters) -> Response:
    """Return tokens by ID, without their secrets. `q` searches the ID and the name."""
    with revisions.reading() as session:
        found = stored.page(session, limit=page.limit + 1, after=page.after, q=page.q)
        listed = [tokens.shown(token) for token in found]
    return page.answer(listed, lambda token: token.id)


@router.post(
    "",
    status_code=201,
    response_model=CreatedTokenOutput,
    responses=documentation.CREATE_TOKEN,
    summary="Create a token",
)
def create_token(revisions: RevisionsDependency, actor: ActorDependency, body: TokenInput) -> Response:
    """Create a token for a program. The response is the only place where the token itself is shown."""

    def apply(session: Session) -> CreatedTokenOutput:
        return tokens.create(session, actor, body, datetime.now(UTC))

    outcome = revisions.change(apply, actor=actor)
    return done(outcome, outcome.result, 201, {"Location": f"{PREFIX}/tokens/{outcome.result.id}"})


@router.get("/{id}", response_model=TokenOutput, summary="Show a token", responses=documentation.READ_PLAIN)
def show_token(revisions: RevisionsDependency, id: ID) -> Response:  # noqa: A002  # the path's own word
    """Return a token, without its secret."""
    with revisions.reading() as session:
        return answer(tokens.shown(stored.get_by_id(session, id)))


@router.delete("/{id}", status_code=204, summary="Revoke a token", responses=documentation.REVOKE_TOKEN)
def revoke_token(revisions: RevisionsDependency, actor: ActorDependency, id: ID) -> Response:  # noqa: A002
    """Revoke a token: from the next request on, it is refused."""

    def apply(session: Session) -> None:
        tokens.revoke(session, actor, stored.get_by_id(session, id).id)

    return removed(revisions.change(apply, actor=actor))
