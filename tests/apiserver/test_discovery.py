"""Discovery and schemas: clients find every served kind."""
from cluster.kinds import registry

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def test_every_served_kind_is_found_in_both_forms(http):
    for kind in registry().kinds:
        root = f"/apis/{kind.group}/{kind.version}" if kind.group else "/api/v1"
        _, _, listed = http("GET", root)
        assert kind.plural in [row["name"] for row in listed["resources"]]
        _, headers, groups = http("GET", "/apis" if kind.group else "/api", Accept=AGGREGATED)
        resources = [row["resource"] for group in groups["items"] if group["metadata"].get("name", "") == kind.group
                     for version in group["versions"] for row in version["resources"]]
        assert kind.plural in resources
        assert headers["Content-Type"] == AGGREGATED


def test_every_declared_subresource_can_be_described(http):
    _, _, listed = http("GET", "/api/v1")
    rows = {row["name"]: row for row in listed["resources"]}
    assert rows["pods/binding"]["kind"] == "Binding"
    assert (rows["pods/eviction"]["group"], rows["pods/eviction"]["kind"]) == ("policy", "Eviction")


def test_schemas_name_the_kind_and_the_parameters_that_kubectl_looks_for(http):
    _, _, index = http("GET", "/openapi/v3")
    url, _, query = index["paths"]["apis/apps/v1"]["serverRelativeURL"].partition("?")
    assert query.startswith("hash=")
    _, _, document = http("GET", url, query=query)
    operation = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert "fieldValidation" in [parameter["name"] for parameter in operation["parameters"]]
    schema = document["components"]["schemas"]["io.k8s.api.apps.v1.Deployment"]
    assert schema["x-kubernetes-group-version-kind"] == [{"group": "apps", "kind": "Deployment", "version": "v1"}]
    assert schema["properties"]["spec"]["allOf"] == [{"$ref": "#/components/schemas/io.k8s.api.apps.v1.DeploymentSpec"}]


def test_fields_name_the_values_that_they_may_have(http):
    _, _, document = http("GET", "/openapi/v3/apis/apps/v1")
    schemas = document["components"]["schemas"]
    kind = schemas["io.k8s.api.apps.v1.DeploymentStrategy"]["properties"]["type"]
    assert kind["enum"] == ["Recreate", "RollingUpdate"] and "Possible enum values:" in kind["description"]
    assert "enum" not in schemas["io.k8s.api.apps.v1.Deployment"]["properties"]["kind"]
    assert schemas["io.k8s.api.core.v1.PersistentVolumeClaimSpec"]["properties"]["accessModes"]["items"]["enum"][0] == "ReadOnlyMany"


def test_a_quantity_is_a_text_or_a_number(http):
    name = "io.k8s.apimachinery.pkg.api.resource.Quantity"
    third = http("GET", "/openapi/v3/api/v1")[2]["components"]["schemas"][name]
    assert third["oneOf"] == [{"type": "string"}, {"type": "number"}] and third["description"].startswith("Quantity is a fixed-point")
    assert http("GET", "/openapi/v2")[2]["definitions"][name]["type"] == "string"


def test_every_reference_of_a_schema_leads_somewhere(http):
    _, _, document = http("GET", "/openapi/v3/api/v1")
    schemas = document["components"]["schemas"]

    def references(node):
        if isinstance(node, dict):
            return ([node["$ref"]] if "$ref" in node else []) + [r for value in node.values() for r in references(value)]
        return [r for value in node for r in references(value)] if isinstance(node, list) else []
    assert {r.rpartition("/")[2] for r in references(schemas)} <= set(schemas)


def test_health_and_version(http):
    assert http("GET", "/readyz")[2] == "ok"
    assert http("GET", "/livez", query="verbose")[2].endswith("livez check passed\n")
    assert http("GET", "/version")[2]["gitVersion"].startswith("v1.36.")


def test_what_a_client_has_already_is_not_sent_again(http):
    _, _, index = http("GET", "/openapi/v3")
    url, _, query = index["paths"]["apis/apps/v1"]["serverRelativeURL"].partition("?")
    code, headers, _ = http("GET", url, query=query)
    assert (code, headers["Cache-Control"], headers["ETag"]) == (200, "public, immutable", f'"{query[len("hash="):]}"')
    assert http("GET", url, If_None_Match=headers["ETag"])[0] == 304
    for path, accept in (("/apis", AGGREGATED), ("/openapi/v2", "application/json")):
        _, headers, _ = http("GET", path, Accept=accept)
        code, _, body = http("GET", path, Accept=accept, If_None_Match=headers["ETag"])
        assert (code, body) == (304, "")


def test_readiness_is_told_check_by_check(http):
    _, _, text = http("GET", "/readyz", query="verbose")
    assert text.startswith("[+]ping ok\n[+]log ok\n[+]etcd ok\n[+]etcd-readiness ok\n") and text.endswith("readyz check passed\n")
    assert http("GET", "/livez/poststarthook/rbac/bootstrap-roles")[2] == "ok"
    assert "[+]etcd excluded: ok" in http("GET", "/readyz", query="verbose&exclude=etcd")[2]


def test_a_binding_may_be_posted_to_its_collection(http, pod):
    http("POST", "/api/v1/namespaces/default/pods", pod)
    binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"}, "target": {"kind": "Node", "name": "n"}}
    assert http("POST", "/api/v1/namespaces/default/bindings", binding)[0] == 201
    assert http("GET", "/api/v1/namespaces/default/pods/p")[2]["spec"]["nodeName"] == "n"


def test_documents_say_what_an_operation_takes_and_answers(http):
    _, _, document = http("GET", "/openapi/v3/apis/apps/v1")
    item = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]
    assert [(row["name"], row["in"]) for row in item["parameters"]] == [("name", "path"), ("namespace", "path"), ("pretty", "query")]
    assert item["put"]["operationId"] == "replaceAppsV1NamespacedDeployment"
    assert item["put"]["requestBody"]["content"]["*/*"]["schema"] == {"$ref": "#/components/schemas/io.k8s.api.apps.v1.Deployment"}
    assert list(item["patch"]["responses"]) == ["200", "201", "401"]
    scale = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale"]["get"]
    assert scale["x-kubernetes-group-version-kind"] == {"group": "autoscaling", "kind": "Scale", "version": "v1"}


def test_version_2_writes_bodies_down_as_parameters(http):
    _, _, document = http("GET", "/openapi/v2")
    post = document["paths"]["/api/v1/namespaces/{namespace}/pods"]["post"]
    assert post["parameters"][-1] == {"in": "body", "name": "body", "required": True, "schema": {"$ref": "#/definitions/io.k8s.api.core.v1.Pod"}}
    assert post["responses"]["201"] == {"description": "Created", "schema": {"$ref": "#/definitions/io.k8s.api.core.v1.Pod"}}


def test_what_each_operation_of_a_list_has_stands_once(http):
    _, _, document = http("GET", "/openapi/v3/api/v1")
    item = document["paths"]["/api/v1/pods"]
    assert list(item) == ["get", "parameters"] and "parameters" not in item["get"]
    assert "allowWatchBookmarks" in [row["name"] for row in item["parameters"]]


def test_fields_name_their_defaults_in_version_3_alone(http):
    schemas = http("GET", "/openapi/v3/api/v1")[2]["components"]["schemas"]
    port, spec = (schemas[f"io.k8s.api.core.v1.{name}"]["properties"] for name in ("ContainerPort", "PodSpec"))
    assert (port["containerPort"]["default"], port["protocol"]["default"]) == (0, "TCP") and "default" not in port["hostPort"]
    assert spec["containers"]["items"] == {"allOf": [{"$ref": "#/components/schemas/io.k8s.api.core.v1.Container"}], "default": {}}
    assert schemas["io.k8s.api.core.v1.Pod"]["properties"]["metadata"]["default"] == {}
    assert "default" not in http("GET", "/openapi/v2")[2]["definitions"]["io.k8s.api.core.v1.ContainerPort"]["properties"]["protocol"]


def test_the_paths_that_tell_what_there_is_are_described_and_answer(http):
    index = http("GET", "/openapi/v3")[2]["paths"]
    assert {"api", "apis", "version", "apis/apps", "apis/apps/v1"} <= set(index)
    for name in ("api", "apis", "version", "apis/apps", "apis/apps/v1", "api/v1"):
        document = http("GET", f"/openapi/v3/{name}")[2]
        about = document["paths"][f"/{name}/"]["get"]
        reference = about["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
        assert reference.rpartition("/")[2] in document["components"]["schemas"] and http("GET", f"/{name}/")[0] == 200
    assert http("GET", "/openapi/v2")[2]["paths"]["/apis/apps/v1/"]["get"]["operationId"] == "getAppsV1APIResources"


def test_the_root_names_all_paths_a_line_for_each_and_so_is_the_version(http):
    """Compared with a kube-apiserver 1.36.3. Source: k8s.io/apiserver pkg/server/routes/index.go."""
    paths = http("GET", "/")[2]["paths"]
    assert paths == sorted(paths) and {"/apis/", "/apis/apps/v1", "/openapi/v3/", "/livez/loopback-serving-certificate"} <= set(paths)
    assert "/readyz/loopback-serving-certificate" not in paths and "/readyz/shutdown" in paths
    assert "/readyz/poststarthook/apiservice-openapi-controller" in paths


def test_a_definitions_schema_has_its_own_schema_and_the_reasons_of_its_rules(http):
    found = http("GET", "/openapi/v3/apis/apiextensions.k8s.io/v1")[2]["components"]["schemas"]
    about = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."
    assert found[about + "JSONSchemaProps"]["properties"]["$schema"] == {"type": "string"}
    assert found[about + "ValidationRule"]["properties"]["reason"]["enum"][0] == "FieldValueDuplicate"
