"""The addresses of Django's admin pages, whose modules are found here and not at every start."""

from django.contrib import admin
from django.urls import path

admin.autodiscover()
urlpatterns = [path("", admin.site.urls)]
