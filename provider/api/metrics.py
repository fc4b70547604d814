"""`/metrics`: for Prometheus."""

from fastapi import APIRouter, Depends, Response

from provider.api import documentation
from provider.api.routers import name_of
from provider.dependencies import MetricsDependency
from provider.metrics.metrics import MEDIA_TYPE
from provider.security import needs

router = APIRouter(tags=["health"], dependencies=[Depends(needs.STATE)], generate_unique_id_function=name_of)


@router.get("/metrics", summary="Get metrics", response_class=Response, responses=documentation.METRICS)
async def show_metrics(metrics: MetricsDependency) -> Response:
    """Return all metrics in the Prometheus text format."""
    return Response(await metrics.expose(), media_type=MEDIA_TYPE)
