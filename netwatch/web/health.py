"""`/-/healthy`, `/-/ready` and `/metrics` of the api process (CONVENTIONS 1 and 2)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.responses import PlainTextResponse, Response

from netwatch.errors import StoreError
from netwatch.web.metrics import ApiCollector
from netwatch.web.needs import DeskOf
from netwatch.web.overview import not_ready

router = APIRouter(include_in_schema=False)


@router.api_route("/-/healthy", methods=["GET", "HEAD"])
def healthy() -> Response:
    """Say that the process is alive."""
    return PlainTextResponse("netwatch api is alive\n")


@router.api_route("/-/ready", methods=["GET", "HEAD"])
def ready(desk: DeskOf) -> Response:
    """Answer 200 only when database and monitor are well; else 503 with one reason per line."""
    try:
        reasons = [reason.en for reason in not_ready(desk)]
    except StoreError as error:
        reasons = [f"database: {error}"]
    if not desk.last_reload.ok:
        reasons.append("configuration: the last reload was refused; the one before is in force")
    if reasons:
        return PlainTextResponse("\n".join(reasons) + "\n", status_code=503)
    return PlainTextResponse("netwatch api is ready\n")


@router.api_route("/metrics", methods=["GET", "HEAD"])
def metrics(desk: DeskOf, request: Request) -> Response:
    """Return Prometheus text, or OpenMetrics where the scraper asks for it."""
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    registry = CollectorRegistry()
    registry.register(ApiCollector(desk))
    return Response(encode(registry), media_type=content_type)
