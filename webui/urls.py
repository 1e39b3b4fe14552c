"""Which view answers which address."""

from django.contrib import admin
from django.urls import path

from .api import api
from .views import page

urlpatterns = [
    path("", page, name="main"),
    path("s/<slug:sandbox>/", page, name="sandbox"),
    path("api/", api.urls),
    path("admin/", admin.site.urls),
]
