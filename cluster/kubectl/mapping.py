"""What kubectl knows of the API: which resource serves a kind, from the server's discovery documents.

Source: k8s.io/client-go discovery/aggregated_discovery.go, restmapper/{discovery,shortcut}.go;
k8s.io/apimachinery pkg/api/meta.
"""

from __future__ import annotations

from dataclasses import dataclass

ACCEPT = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
)
PATHS = ("/api", "/apis")


@dataclass
class Mapping:
    """One resource of one version. subresources: names, "scale" among them."""

    group: str
    version: str
    kind: str
    plural: str
    singular: str
    namespaced: bool
    short_names: list[str]
    subresources: list[str]

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def label(self) -> str:
        """`deployment.apps`: how kubectl names the kind in what it prints."""
        return f"{self.kind.lower()}.{self.group}" if self.group else self.kind.lower()

    def is_called(self, name: str) -> bool:
        """Whether a person may mean this resource: plural, singular, short name or kind, with or without its group."""
        name = name.lower()
        plain, _, group = name.partition(".")
        names = [self.plural, self.singular, self.kind.lower(), *self.short_names]
        return plain in names and group in ("", self.group, f"{self.version}.{self.group}")


def mappings_of(body: dict) -> list[Mapping]:
    """The resources that an aggregated discovery document lists."""
    found = []
    for group in body.get("items") or ():
        name = (group.get("metadata") or {}).get("name", "")
        for version in group.get("versions") or ():
            found += [_mapping(name, version["version"], resource) for resource in version.get("resources") or ()]
    return found


def _mapping(group: str, version: str, resource: dict) -> Mapping:
    subresources = [entry["subresource"] for entry in resource.get("subresources") or ()]
    return Mapping(
        group,
        version,
        (resource.get("responseKind") or {}).get("kind", ""),
        resource["resource"],
        resource.get("singularResource", ""),
        resource.get("scope") == "Namespaced",
        list(resource.get("shortNames") or ()),
        subresources,
    )


def by_kind(mappings: list[Mapping], api_version: str, kind: str) -> Mapping | None:
    """The resource of an object's apiVersion and kind; without an apiVersion, one of the core group."""
    if not api_version:
        return next((one for one in mappings if one.kind == kind and not one.group), None)
    return next((one for one in mappings if one.kind == kind and one.api_version == api_version), None)


def by_name(mappings: list[Mapping], name: str) -> Mapping | None:
    """The resource that a person named; the core group first."""
    return next((one for one in mappings if one.is_called(name)), None)
