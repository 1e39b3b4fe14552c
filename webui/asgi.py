"""The ASGI application: the Kubernetes endpoint, static files and pages over HTTP, live updates over WebSocket, the worker's channel."""

import os

from channels.routing import ChannelNameRouter, ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webui.settings")
django_application = get_asgi_application()

from cluster.worker.consumer import CHANNEL, SimulationConsumer  # noqa: E402
from webui.consumers import PageConsumer  # noqa: E402
from webui.kube_api import KubeApi  # noqa: E402
from webui.kube_streams import KubeStreams  # noqa: E402
from webui.origin import BoundedBodies, SameOriginSockets  # noqa: E402
from webui.static_files import StaticFiles  # noqa: E402 - needs Django's settings
from webui.terminal.consumer import TerminalConsumer  # noqa: E402

SOCKETS = [
    path("ws/s/<slug:sandbox>/", PageConsumer.as_asgi()),
    path("ws/terminal/<slug:sandbox>/", TerminalConsumer.as_asgi()),
]
application = ProtocolTypeRouter(
    {
        "http": KubeApi(BoundedBodies(StaticFiles(django_application))),
        "websocket": KubeStreams(AllowedHostsOriginValidator(SameOriginSockets(URLRouter(SOCKETS)))),
        "channel": ChannelNameRouter({CHANNEL: SimulationConsumer.as_asgi()}),
    }
)
