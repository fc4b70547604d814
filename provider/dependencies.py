"""What handlers are given: the revisions of the app that they run in, and who asks.

Dependencies that only look something up are `async`, here and in `api`: FastAPI runs each of the others
in a thread of its own, which costs a request more than the dependency does.
"""

from typing import Annotated

from fastapi import Depends, Request

from provider.revisions import Revisions


async def revisions(request: Request) -> Revisions:
    """Return the app's revisions."""
    found: Revisions = request.app.state.revisions
    return found


async def author(_request: Request) -> str:
    """Return who asks, as it is kept with a revision."""
    return "anonymous"


RevisionsDependency = Annotated[Revisions, Depends(revisions)]
AuthorDependency = Annotated[str, Depends(author)]
