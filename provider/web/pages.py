"""The first pages: the console's home, and the documentation of the REST API, which needs no other host."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, HTMLResponse
from starlette.staticfiles import StaticFiles

from provider.security import needs
from provider.web.rendering import STATIC, render

router = APIRouter(include_in_schema=False, dependencies=[Depends(needs.PAGE)])
static_files = StaticFiles(directory=STATIC)


@router.get("/")
def home(request: Request) -> HTMLResponse:
    """Welcome a person."""
    return render(request, "home.html")


@router.get("/docs")
async def docs() -> FileResponse:
    """Show the REST API, to read and to try."""
    return FileResponse(STATIC / "docs.html", media_type="text/html")
