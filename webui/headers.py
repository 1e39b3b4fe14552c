"""The headers that tell a browser what Podlife's pages may load and who may frame them."""

from asgiref.sync import iscoroutinefunction, markcoroutinefunction

# Inline styles stay allowed: the code editor and the stage position things with them. Inline scripts do not.
POLICY = "; ".join(
    [
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "style-src 'self' 'unsafe-inline'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
HEADER = "Content-Security-Policy"


def content_security_policy(get_response):
    """Middleware that adds the policy to every response that brings none of its own."""
    if iscoroutinefunction(get_response):

        async def middleware(request):
            return _with_policy(await get_response(request))

        return markcoroutinefunction(middleware)
    return lambda request: _with_policy(get_response(request))


def _with_policy(response):
    response.headers.setdefault(HEADER, POLICY)
    return response


content_security_policy.async_capable = True
content_security_policy.sync_capable = True
