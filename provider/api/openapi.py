"""`/openapi.json`: what the REST API is, for programs and for the page that shows it."""

from typing import Any

from fastapi import APIRouter, Depends, Request

from provider.security import needs

router = APIRouter(include_in_schema=False, dependencies=[Depends(needs.STATE)])


@router.get("/openapi.json")
async def openapi(request: Request) -> dict[str, Any]:
    """Return the OpenAPI document."""
    document: dict[str, Any] = request.app.openapi()
    return document
