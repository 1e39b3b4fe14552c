"""The ASGI application: static files and pages over HTTP, live updates over WebSocket."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webui.settings")
django_application = get_asgi_application()

from webui.static_files import StaticFiles  # noqa: E402 - needs Django's settings

application = ProtocolTypeRouter(
    {
        "http": StaticFiles(django_application),
        "websocket": AllowedHostsOriginValidator(URLRouter([])),
    }
)
