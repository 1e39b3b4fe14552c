"""The files that the commands of the table name, in the folder where they run."""
from __future__ import annotations

import base64
import subprocess
from pathlib import Path

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {terminationGracePeriodSeconds: 1, containers: [{name: app, image: "nginx/nginx:v1", ports: [{containerPort: 80}]}]}
"""
TEMPLATE = ("{metadata: {labels: {app: %s}}, spec: {terminationGracePeriodSeconds: 1, "
            "containers: [{name: app, image: 'busybox:1', command: [sleep, '100000']}]}}")
SETS = f"""\
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec: {{serviceName: none, replicas: 2, selector: {{matchLabels: {{app: db}}}}, template: {TEMPLATE % "db"}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent}}
spec: {{selector: {{matchLabels: {{app: agent}}}}, template: {TEMPLATE % "agent"}}}
---
apiVersion: v1
kind: ReplicationController
metadata: {{name: old}}
spec: {{replicas: 1, template: {TEMPLATE % "old"}}}
"""
MANY = f"""\
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec: {{serviceName: none, replicas: 1, selector: {{matchLabels: {{app: db}}}}, template: {TEMPLATE % "db"}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: agent}}
spec: {{selector: {{matchLabels: {{app: agent}}}}, template: {TEMPLATE % "agent"}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: data}}
spec: {{accessModes: [ReadWriteOnce], storageClassName: manual, resources: {{requests: {{storage: 1Gi}}}}}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {{name: disk}}
spec: {{capacity: {{storage: 2Gi}}, accessModes: [ReadWriteOnce], storageClassName: other, hostPath: {{path: /x}}}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {{name: slow}}
provisioner: example.com/x
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: rules}}
spec: {{podSelector: {{matchLabels: {{app: web}}}}, policyTypes: [Ingress], ingress: [{{from: [{{podSelector: {{}}}}], ports: [{{port: 80}}]}}]}}
---
apiVersion: v1
kind: LimitRange
metadata: {{name: lr}}
spec: {{limits: [{{type: Container, default: {{cpu: 500m}}, defaultRequest: {{cpu: 100m}}}}]}}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {{name: nginx}}
spec: {{controller: example.com/x}}
---
apiVersion: v1
kind: ReplicationController
metadata: {{name: old}}
spec: {{replicas: 0, selector: {{app: old}}, template: {TEMPLATE % "old"}}}
"""
RBAC = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: rec, namespace: auth}
rules: [{apiGroups: [""], resources: [pods], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: rec, namespace: auth}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: rec}
subjects: [{kind: User, name: ann, apiGroup: rbac.authorization.k8s.io}]
"""
CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd], categories: [all]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}, scale: {specReplicasPath: .spec.size, statusReplicasPath: .status.size}}
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
    schema:
      openAPIV3Schema:
        type: object
        description: A widget of the shop.
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: {type: integer, minimum: 1, description: How large it is.}
              colour: {type: string, enum: [red, blue], default: red}
              parts: {type: array, items: {type: object, properties: {name: {type: string}, weight: {x-kubernetes-int-or-string: true}}}}
          status: {type: object, properties: {size: {type: integer}}}
"""
FILES = {
    "web.yaml": WEB, "web3.yaml": WEB.replace("replicas: 2", "replicas: 3"), "kust/web.yaml": WEB,
    "typo.yaml": WEB.replace("name: web,", "name: typo,").replace("replicas: 2", "replicass: 2"), "many.yaml": MANY,
    "sets.yaml": SETS, "rbac.yaml": RBAC,
    "kust/kustomization.yaml": "resources: [web.yaml]\nnamePrefix: k-\nconfigMapGenerator: [{name: conf, literals: [a=b]}]\n",
    "gizmo.yaml": "apiVersion: example.org/v1\nkind: Gizmo\nmetadata: {name: x}\n",
    "pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: one}\nspec: {containers: [{name: app, image: 'busybox:1'}]}\n",
    "nobody.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: nobody}\nspec: {containers: [{name: app, image: 'busybox:1'}]}\n",
    "crd.yaml": CRD, "widget.yaml": "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: one}\nspec: {size: 2}\n",
    "larger.yaml": "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: one}\nspec: {size: 3}\n",
    "bad.yaml": "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: two}\nspec: {size: 0, colour: green}\n",
}
EDITOR = """\
#!/bin/sh
sed -i -e 's/replicas: [0-9]*/replicas: 5/' -e 's/size: 3/size: 4/' "$1"
"""


REQUEST = """\
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {{name: {name}}}
spec: {{request: {request}, signerName: kubernetes.io/kube-apiserver-client, usages: [client auth]}}
"""


def write(folder: Path) -> None:
    """Write the files, a certificate, and `editor`, which changes a file without asking."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / "editor").write_text(EDITOR)
    (folder / "editor").chmod(0o755)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "tls.key", "-out", folder / "tls.crt",
                    "-subj", "/CN=example.com", "-days", "30"], check=True, capture_output=True)
    asked = subprocess.run(["openssl", "req", "-new", "-key", folder / "tls.key", "-subj", "/O=devs/CN=jane"], check=True, capture_output=True).stdout
    for name in ("jane", "joe"):
        (folder / f"{name}.yaml").write_text(REQUEST.format(name=name, request=base64.b64encode(asked).decode()))
