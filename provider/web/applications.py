"""An application: a router with all that it leads to, whether it is live, and how to try it."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from provider.dependencies import RevisionsDependency
from provider.nouns import Router
from provider.security import needs
from provider.store import nouns
from provider.web import instructions, liveness
from provider.web.drawings import path as drawing
from provider.web.drawings.blocks import group
from provider.web.rendering import language_of, render
from provider.web.scenes import SightDependency, scene_of

router = APIRouter(prefix="/applications", include_in_schema=False, dependencies=[Depends(needs.PAGE)])


@router.get("/{name}")
def application(request: Request, revisions: RevisionsDependency, sight: SightDependency, name: str) -> HTMLResponse:
    """Show an application, by the name of its router. Raises `NotFound`."""
    with revisions.reading() as session:
        found = nouns.get(session, Router, name)
        scene = scene_of(session, [found], sight)
        last_change = liveness.find_last_change(session, found, sight)
    api_urls = [edge.api_url for edge in sight.edges if edge.api_url is not None]
    return render(
        request,
        "application.html",
        application=found,
        scene=scene,
        drawing=drawing.draw(scene, language_of(request)),
        blocks=group(scene, drawing.MOST_SERVERS),
        liveness=liveness.judge(found, sight, last_change),
        trial=instructions.find_trial(found, sight.listening, sight.entry_points, api_urls),
    )
