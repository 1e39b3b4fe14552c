"""The page: one template, its texts and settings as JSON in it."""
from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language


async def page(request: HttpRequest, sandbox: str = "main") -> HttpResponse:
    """The page of a sandbox; `/` opens `main`."""
    from .texts import NOTATION, PHRASES, catalogue
    language = "zh" if (request.COOKIES.get("podlife-language") or get_language() or "en").startswith("zh") else "en"
    config = {
        "sandbox": sandbox, "language": language, "ws_path": f"/ws/s/{sandbox}/", "api_path": "/api",
        "texts": catalogue(), "notation": NOTATION, "phrases": PHRASES, "version": settings.PODLIFE_VERSION,
    }
    response = render(request, "page.html", {"config": config, "language": "zh-CN" if language == "zh" else "en", "texts": config["texts"]})
    response["Cache-Control"] = "no-store"
    return response
