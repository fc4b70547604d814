"""The documentation of the REST API, which needs no other host, and the static files."""

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from provider.security import needs
from provider.web.rendering import STATIC

router = APIRouter(include_in_schema=False, dependencies=[Depends(needs.PAGE)])
static_files = Mount("/static", StaticFiles(directory=STATIC))


@router.get("/docs")
async def docs() -> FileResponse:
    return FileResponse(STATIC / "docs.html", media_type="text/html")
