"""Answers in JSON: how handlers write what is declared, and how the OpenAPI document has it."""

from collections.abc import Callable, Mapping
from typing import Any, get_args, get_origin

import msgspec
from fastapi import Response
from fastapi.routing import APIRoute

from provider.api.schemas import SCHEMAS, page_name
from provider.nouns import Object


def answer(item: Object, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with an object."""
    return written(item.json(), headers=headers)


def written(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with what is JSON already. Handlers write it in their own threads: a long one takes its time."""
    return Response(msgspec.json.encode(content), status, headers, media_type="application/json")


class AnsweringRoute(APIRoute):
    """A route whose `response_model` may be an object that is declared; `list[...]` stands for a page of them."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        model, responses = options.get("response_model"), options.get("responses") or {}
        self.is_page = get_origin(model) is list
        shown = get_args(model)[0] if self.is_page else model
        self.shown: type[Object] | None = shown if isinstance(shown, type) and issubclass(shown, Object) else None
        if self.shown is not None:
            name = page_name(self.shown) if self.is_page else self.shown.__name__
            content = {"application/json": {"schema": {"$ref": SCHEMAS + name}}}
            statuses = {options.get("status_code") or 200, *({200, 201} & responses.keys())}
            described = {status: {"content": content, **responses.get(status, {})} for status in statuses}
            options |= {"response_model": None, "responses": responses | described}
        super().__init__(path, endpoint, **options)
