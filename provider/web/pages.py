"""The pages: for now the documentation of the REST API, which needs no other host."""

from pathlib import Path

from fastapi import APIRouter, Depends
from fastapi.responses import FileResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

from provider.security import needs

STATIC = Path(__file__).parent / "static"

router = APIRouter(include_in_schema=False, dependencies=[Depends(needs.PAGE)])
static_files = StaticFiles(directory=STATIC)


@router.get("/")
async def home() -> RedirectResponse:
    """Lead to the documentation."""
    return RedirectResponse("/docs")


@router.get("/docs")
async def docs() -> FileResponse:
    """Show the REST API, to read and to try."""
    return FileResponse(STATIC / "docs.html", media_type="text/html")
