"""Which view answers which address. The control API and the admin pages are loaded when first asked for, or soon after the start."""

from django.urls import URLResolver, path
from django.urls.resolvers import RoutePattern

from .views import page

LATER = {"api/": "webui.api_urls", "admin/": "webui.admin_urls"}

urlpatterns = [
    path("", page, name="main"),
    path("s/<slug:sandbox>/", page, name="sandbox"),
    *(URLResolver(RoutePattern(prefix), module) for prefix, module in LATER.items()),
]
