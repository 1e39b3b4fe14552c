"""What is said of the facts of the network: connections, Services, names, policies."""

from __future__ import annotations

from ..kind import Kind

KINDS = {
    "ConnectionFailed": Kind(
        stage="report",
        marker="warning",
        en="**{from}** tries to connect to {address}:{port}, in vain: {error}.",
        zh="**{from}** 尝试连接 {address}:{port}，未能成功：{error}。",
    ),
}
