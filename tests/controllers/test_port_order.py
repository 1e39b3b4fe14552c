"""The order of ports in Endpoints and EndpointSlices; the hashes are what Go's fnv and dump.ForHash gave for k8s.io/api v0.36.3."""

from __future__ import annotations

import pytest

from cluster.controllers._port_order import _place, in_order

HASHES = [
    (("a", 80, "TCP", None), 0x93f7910f45d8a99109c5b3f74144e582, 0x9086c42305e0d4098df13d690be1f478),
    (("b", 81, "TCP", None), 0x828e4e6e4b9215e0fad725896239bbfa, 0x68e450a40b374f16e290564c7d0add40),
    (("dns", 53, "UDP", None), 0xcf684d8c2a0def1ba31f64600b9051ae, 0x1caf216365b57b5d2659d4ba9f662580),
    (("dns-tcp", 53, "TCP", None), 0xbb9cc7b3d27ae737aec8326acc3af680, 0x8fa5f9e263f7f66112d31fc2ebea1e2a),
    (("metrics", 9153, "TCP", None), 0xbb224be3c4f395f985c5884d94d63c5e, 0xf17bf63bdbb003d0f2f8e0b73efa3324),
    (("", 80, "TCP", None), 0x19cbad1834a78abad87a093580858485, 0x73b52e075e78e70787d5e6ffd2212eef),
    (("https", 443, "TCP", None), 0xa1d3cd184f85589179025a8360efcc75, 0x50852f610b5fbbf5129025d35e502185),
    (("http", 80, "TCP", None), 0x754b003f50f133a539c60d18cfb30a55, 0xb6c4d325122a5ba6f795b0bbffcebb6f),
    (("http", 8080, "TCP", "http"), 0xb97cec0a394184d254b0f64cafc2f996, 0x517a7f9df82569b2b5da6bf2bb5b08dc),
]


@pytest.mark.parametrize(("port", "in_endpoints", "in_slice"), HASHES)
def test_a_ports_place_is_gos_hash_of_it(port, in_endpoints, in_slice):
    """Source: pkg/api/v1/endpoints/util.go, k8s.io/endpointslice util/controller_utils.go."""
    assert (_place(port, "Endpoints"), _place(port, "EndpointSlice")) == (in_endpoints, in_slice)


def test_ports_stand_as_the_real_controllers_put_them():
    """A Service of two ports without Pods of its own, mirrored by kube-controller-manager 1.36.3."""
    assert [port[0] for port in in_order((("a", 80, "TCP", None), ("b", 81, "TCP", None)), "EndpointSlice")] == ["b", "a"]
