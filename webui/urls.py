"""Which view answers which address."""

from django.urls import path

from cluster.admin import site

from .api import api
from .views import page

urlpatterns = [
    path("", page, name="main"),
    path("s/<slug:sandbox>/", page, name="sandbox"),
    path("api/", api.urls),
    path("admin/", site.urls),
]
