"""The addresses of the control API."""

from django.urls import path

from .api import api

urlpatterns = [path("", api.urls)]
